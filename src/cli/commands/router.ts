/** `deployctl router init SERVICE`: the configuration of an HAProxy of one's own, to begin with. */
import { dirname, join, resolve } from 'node:path'
import { DeployError, exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { haproxyRouter, haproxyText } from '../starters/haproxy-text.js'
import { createUserFile } from '../user-files.js'
import { nextLines } from '../view/next-lines.js'

export const router: CommandRun = async ({ options, services, terminal, words }) => {
  const [, service = ''] = words
  if (!/^[A-Za-z0-9_.:-]+$/.test(service)) {
    throw new DeployError('USAGE', `"${service}" cannot be the name of a backend of HAProxy.`, {
      hint: 'Letters, digits, dots, dashes and underscores; most often it is the name of the service.',
    })
  }
  const shown = options.out ?? 'haproxy.cfg'
  const file = resolve(services.workingDirectory, shown)
  const start = { service, bind: bindOf(options.listen), socket: join(dirname(file), 'admin.sock') }
  await createUserFile(services.workingDirectory, shown, haproxyText(start), '--out')
  terminal.record('created', { file, router: haproxyRouter(start, file) })
  const steps = nextLines(
    [
      [`haproxy -c -f ${shown}`, 'check it'],
      [`haproxy -D -f ${shown}`, 'start it'],
      ['deployctl validate', 'once deploy.yaml has it'],
    ],
    terminal.style,
  )
  terminal.out(
    `Wrote ${shown}. In deploy.yaml, in the target of ${service}:\n\n  ${haproxyRouter(start, file)}\n\nNext:\n\n${steps}`,
  )
  return exitCodes.done
}

function bindOf(listen: string): string {
  if (/^\d{1,5}$/.test(listen)) return `:${listen}`
  if (/^([A-Za-z0-9.*-]*|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/.test(listen)) return listen
  throw new DeployError('USAGE', `--listen ${listen} is neither a port nor an address with a port.`, {
    hint: '80, 127.0.0.1:8080 or [::1]:8080',
  })
}
