/** Every kind of source. A new one is a file beside this and a line below. */
import type { SourceDriver } from '../../model/source.js'
import { directorySource } from './directory/directory-source.js'
import { gitSource } from './git/git-source.js'
import { githubSource } from './github/github-source.js'
import { httpSource } from './http/http-source.js'
import { npmSource } from './npm/npm-source.js'

export const sourceDrivers = {
  directory: directorySource,
  git: gitSource,
  github: githubSource,
  http: httpSource,
  npm: npmSource,
} as const satisfies Record<string, SourceDriver>
