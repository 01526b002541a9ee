/** The texts of units and of files of variables, with everything quoted as systemd reads it. Pure. */
import type { Listen, Recipe } from '../holder/protocol.js'
import { addressText, workerVariables } from '../holder/worker-command.js'
import type { ProcessOptions } from '../options.js'
import { startScript } from './scripts.js'
import { descriptorName, stillOf } from './unit-names.js'

const head = '# Written by deployctl; changes are lost. Drop-ins are not: see systemd.unit(5).'

export interface ServiceOrder {
  readonly service: string
  readonly recipe: Recipe
  readonly options: Pick<ProcessOptions, 'user' | 'limits'>
  /** Of the place: mounted before anything starts. */
  readonly root: string
  readonly variables: string
  /** In the order in which the program gets them. */
  readonly sockets: readonly string[]
  readonly listen: readonly Listen[]
  /** Told of each end of a worker; null for a trial, which is not kept up. */
  readonly guard: readonly string[] | null
}

/** Of a release's workers: the instance is the number of the worker. */
export function serviceText(order: ServiceOrder): string {
  const { recipe, options, guard } = order
  const { stopSignal, stopTimeoutMs } = recipe.settings
  const wanted = order.listen.map(descriptorName).join(':')
  const command = ['/bin/sh', '-c', startScript, 'sh', wanted, ...recipe.command]
  return text(
    [
      'Unit',
      `Description=${plain(`${order.service} ${recipe.name}`)}, worker %i`,
      `RequiresMountsFor=${word(order.root)}`,
      'After=network.target',
      'StartLimitIntervalSec=0', // a unit that hits the limit takes its sockets along
    ],
    [
      'Service',
      'Type=exec',
      `ExecStart=${command.map(argument).join(' ')}`,
      ...(guard === null
        ? ['RemainAfterExit=yes'] // how a trial ended can be read
        : [
            'Restart=always',
            'RestartSec=200ms',
            'RestartSteps=8',
            'RestartMaxDelaySec=30s',
            `ExecStopPost=+${guard.map(argument).join(' ')}`,
          ]),
      `WorkingDirectory=${plain(recipe.directory)}`,
      `EnvironmentFile=${plain(order.variables)}`,
      'Environment=DEPLOYCTL_WORKER=%i',
      ...(order.sockets.length === 0 ? [] : [`Sockets=${order.sockets.join(' ')}`]),
      ...(options.user === null ? [] : [`User=${options.user.user}`]),
      ...(options.user?.group == null ? [] : [`Group=${options.user.group}`]),
      ...(recipe.umask === null ? [] : [`UMask=${recipe.umask}`]),
      ...Object.entries(options.limits).map(
        ([name, { soft, hard }]) => `Limit${name.toUpperCase()}=${soft}:${hard}`,
      ),
      'KillMode=mixed', // a program with children of its own knows how to end them
      `KillSignal=SIG${stopSignal}`,
      `TimeoutStopSec=${stopTimeoutMs}ms`,
      `SyslogIdentifier=${plain(order.service)}`,
    ],
  )
}

/** Traffic starts nothing: whatever it is for is started by deployctl, and waits in the socket until then. */
export function socketText(listen: Listen, socket: string): string {
  const where =
    listen.kind === 'unix'
      ? [`SocketMode=0${listen.mode.toString(8)}`, 'RemoveOnStop=yes']
      : [
          ...(listen.host.includes(':') ? ['BindIPv6Only=ipv6-only'] : []),
          ...(isEverywhere(listen.host) ? [] : ['FreeBind=yes']), // after boot, before the network is up
        ]
  return text(
    ['Unit', `Description=${plain(addressText(listen))}`],
    [
      'Socket',
      `ListenStream=${plain(addressText(listen))}`,
      `FileDescriptorName=${descriptorName(listen)}`,
      `Service=${stillOf(socket)}`,
      'TriggerLimitIntervalSec=0',
      'Backlog=4096',
      ...where,
    ],
  )
}

/** What the socket's traffic starts while nothing else has the socket. */
export function stillText(socket: string): string {
  return text(
    ['Unit', `Description=${plain(`what waits in ${socket}`)}`, 'StartLimitIntervalSec=0'],
    ['Service', 'Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/bin/true'],
  )
}

/** What the machine starts by itself. */
export function targetText(service: string, units: readonly string[]): string {
  return text([
    'Unit',
    `Description=${plain(`${service}, by deployctl`)}`,
    ...units.map((unit) => `Wants=${unit}`),
  ])
}

/** A file of variables. It has the values of secrets. */
export function variablesText(
  recipe: Recipe,
  listen: readonly Listen[],
  generation: { readonly number: number; readonly isTrial: boolean },
): string {
  const all = workerVariables(recipe, listen, { ...generation, worker: 1 })
  const systemds = new Set(['LISTEN_FDS', 'DEPLOYCTL_WORKER'])
  return Object.entries(all)
    .filter(([name]) => !systemds.has(name))
    .map(([name, value]) => `${name}="${value.replace(/[\\"`$]/g, '\\$&')}"\n`)
    .join('')
}

function text(...sections: readonly (readonly [string, ...string[]])[]): string {
  const written = sections.map(([name, ...lines]) => `[${name}]\n${lines.join('\n')}\n`)
  return `${head}\n\n${written.join('\n')}`
}

/** A setting that is no list: taken as it stands, but for specifiers. */
function plain(value: string): string {
  return value.replaceAll('%', '%%')
}

/** One of several in a setting. */
function word(value: string): string {
  return `"${plain(value).replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

/** One argument of a command, in which variables are replaced, too. */
function argument(value: string): string {
  return word(value).replaceAll('$', '$$$$')
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
