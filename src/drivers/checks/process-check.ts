/** The check `process`: the process of a pidfile, or one with a certain name or command line, is alive. */
import { basename, posix, resolve } from 'node:path'
import { readFile } from 'node:fs/promises'
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import type { Ports } from '../../model/ports.js'
import type { RunningProcess } from './process-table.js'
import { systemCodeOf } from '../../base/deploy-error.js'
import { excerpt, healthy, probeUntilAborted, unhealthy } from './answer.js'
import { askHost, isElsewhere } from './ask-host.js'
import { lineOf, listProcesses, parseProcesses, processScript } from './process-table.js'
import { patternOf } from './pattern.js'

interface ProcessOptions {
  readonly pidFile?: string
  readonly name?: string
  readonly matches?: string
}

/** What a process has to be, beside alive; null when anything will do. */
interface Likeness {
  /** `called "nginx"`, to follow "process 12" or "no process". */
  readonly wanted: string
  fits(process: RunningProcess): boolean
}

export const processCheck = {
  type: 'process',
  schema: {
    type: 'object',
    description: 'Healthy when a process is alive: that of a pidfile, or any with this name or command line.',
    properties: {
      type: { const: 'process', description: 'The kind of check.', examples: ['process'] },
      pidFile: {
        type: 'string',
        minLength: 1,
        description:
          'File whose first word is the number; a relative path starts at the folder of deploy.yaml, on another host at that of the release.',
        examples: ['/run/shop-api.pid'],
      },
      name: {
        type: 'string',
        minLength: 1,
        description: 'Name of the program, without its folder. With pidFile: what that process has to be.',
        examples: ['nginx'],
      },
      matches: {
        type: 'string',
        minLength: 1,
        description: 'Pattern found in the command line. With pidFile: in the command line of that process.',
        examples: ['node .*server\\.js'],
      },
    },
    required: ['type'],
    anyOf: [{ required: ['pidFile'] }, { required: ['name'] }, { required: ['matches'] }],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): HealthCheck {
    const options = spec as unknown as ProcessOptions // the schema above admits nothing else
    const likeness = likenessOf(options)
    const pidFile = options.pidFile === undefined ? null : resolve(ports.projectDirectory, options.pidFile)
    return {
      probe: (place, signal) =>
        isElsewhere(place)
          ? probeThere(options, likeness, place, signal)
          : probeUntilAborted(
              ports.clock,
              signal,
              (waited) => `the processes of this machine could not be listed within ${waited}`,
              async () => {
                const processes = await listProcesses(ports.shell, signal)
                if (pidFile !== null)
                  return judgePidFile(pidFile, await readPid(pidFile), likeness, processes)
                const ours = lineOf(ports.machine.pid, processes)
                return judgeAny(
                  likeness,
                  processes.filter((process) => !ours.has(process.pid)),
                )
              },
            ),
    }
  },
} as const satisfies HealthCheckDriver

function likenessOf({ name, matches }: ProcessOptions): Likeness {
  const pattern = matches === undefined ? null : patternOf('matches', matches)
  const wanted = [
    ...(name === undefined ? [] : [`called "${name}"`]),
    ...(matches === undefined ? [] : [`matching /${matches}/`]),
  ].join(' and ')
  return {
    wanted,
    fits: (process) =>
      (name === undefined || isCalled(process, name)) &&
      (pattern === null || (process.argv.length > 0 && pattern.test(process.argv.join(' ')))),
  }
}

function isCalled(process: RunningProcess, name: string): boolean {
  // Linux keeps 15 characters of a name; an argument list keeps all of it, unless the program rewrote it.
  return process.name === name.slice(0, 15) || basename(process.argv[0] ?? '') === name
}

function judgeAny(likeness: Likeness, processes: readonly RunningProcess[]): ProbeAnswer {
  const fitting = processes.filter((process) => likeness.fits(process))
  const alive = fitting.filter((process) => !process.zombie).map((process) => process.pid)
  if (alive.length > 0) return healthy(`alive: ${showPids(alive)}, ${likeness.wanted}`)
  const dead = fitting[0]
  if (dead === undefined) return unhealthy(`dead: no process ${likeness.wanted}`)
  return unhealthy(`dead: process ${dead.pid}, ${likeness.wanted}, has ended (a zombie)`)
}

/** `read` is the number in the file, or a sentence that says why there is none. */
function judgePidFile(
  file: string,
  read: number | string,
  likeness: Likeness,
  processes: readonly RunningProcess[],
): ProbeAnswer {
  if (typeof read === 'string') return unhealthy(read)
  const process = processes.find((candidate) => candidate.pid === read)
  if (process === undefined) {
    return unhealthy(`stale: ${file} names process ${read}, which is gone`)
  }
  if (process.zombie) return unhealthy(`dead: process ${read} of ${file} has ended (a zombie)`)
  if (!likeness.fits(process)) {
    const other = `process ${read}, which is now "${excerpt(process.name, 40)}"`
    return unhealthy(`stale: ${file} names ${other}, not one ${likeness.wanted}`)
  }
  return healthy(`alive: process ${read} ("${excerpt(process.name, 40)}") of ${file}`)
}

/** The number in a pidfile, or a sentence that says why there is none. */
async function readPid(file: string): Promise<number | string> {
  try {
    return pidIn(await readFile(file, 'utf8'), file)
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENOENT') return noPidFile(file)
    if (code === 'EACCES') return `${file} may not be read (permission denied)`
    return `${file} could not be read: ${excerpt(String(error))}`
  }
}

function pidIn(text: string, file: string): number | string {
  const word = text.trim().split(/\s/)[0] ?? ''
  if (/^[1-9]\d{0,9}$/.test(word)) return Number(word)
  return `dead: ${file} holds no process number but "${excerpt(text, 40)}"`
}

function noPidFile(file: string): string {
  return `dead: there is no pidfile ${file}`
}

/** On another host: the file and the processes in one go. */
function probeThere(
  { pidFile }: ProcessOptions,
  likeness: Likeness,
  place: ProbePlace,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const file = pidFile === undefined ? null : posix.resolve(place.folder ?? '/', pidFile)
  const script = `${pidFileScript}\n${processScript}`
  const question = { script, env: { FILE: file ?? '' }, about: `the processes of ${place.host}` }
  return askHost(place, question, signal, ({ stdout }) => {
    const end = stdout.indexOf('\n')
    const text = stdout.slice(0, end)
    const processes = parseProcesses(stdout.slice(end + 1))
    if (processes.length === 0)
      return unhealthy(`${place.host} does not tell which processes it has: no /proc`)
    if (file === null) return judgeAny(likeness, processes)
    if (text === 'none') return unhealthy(noPidFile(file))
    if (text === 'denied') return unhealthy(`${file} may not be read (permission denied)`)
    return judgePidFile(file, pidIn(text.replace(/^text /, ''), file), likeness, processes)
  })
}

/** One line: its first line, after a word that says whether there is one. */
const pidFileScript = `
if [ ! -e "$FILE" ]; then echo none; elif [ ! -r "$FILE" ]; then echo denied
else printf 'text %s\\n' "$(head -n 1 -- "$FILE")"; fi`

function showPids(pids: readonly number[]): string {
  const shown = pids.slice(0, 5).join(', ')
  return `${pids.length === 1 ? 'process' : 'processes'} ${shown}${pids.length > 5 ? ', …' : ''}`
}
