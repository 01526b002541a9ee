/** `/srv/shop`, or `user@host:port:/srv/shop`: a place on this machine or on a host, as the command line has it. Pure. */
import { resolve } from 'node:path'
import { DeployError } from '../base/deploy-error.js'
import { usage } from './options.js'

export function parsePlace(word: string, workingDirectory: string): { host: string | null; path: string } {
  const remote = /^([^/][^/]*):(\/.*)$/.exec(word)
  if (remote !== null) return { host: remote[1] ?? '', path: tidy(remote[2] ?? '') }
  if (word.startsWith('/') || word.startsWith('.'))
    return { host: null, path: tidy(resolve(workingDirectory, word)) }
  throw new DeployError(usage, `"${word}" is no place.`, {
    hint: 'Write a path, /srv/shop, or a host and an absolute path: deploy@web1:/srv/shop.',
  })
}

function tidy(path: string): string {
  return path === '/' ? path : path.replace(/\/+$/, '')
}
