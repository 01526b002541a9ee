/**
 * Which processes run on this machine: from /proc where there is one, else from ps.
 *
 * Its own file because two systems have two ways to tell, and the check should not know which.
 */
import { readFile, readdir } from 'node:fs/promises'
import type { Shell } from '../../model/shell.js'

export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  /** The name the kernel knows it by; Linux cuts it after 15 characters. */
  readonly name: string
  /** Program and arguments. Empty for threads of the kernel. Never shown: other people's arguments may hold secrets. */
  readonly argv: readonly string[]
  /** It has ended, and only waits for its parent to ask how. */
  readonly zombie: boolean
}

export async function listProcesses(shell: Shell, signal: AbortSignal): Promise<readonly RunningProcess[]> {
  const entries = await readdir('/proc').catch((): string[] => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number)
  if (pids.length === 0) return listByPs(shell, signal)
  const found = await Promise.all(pids.map(readProcess))
  return found.filter((process) => process !== null)
}

/** Null when it is gone, which may happen between listing and reading. */
async function readProcess(pid: number): Promise<RunningProcess | null> {
  try {
    const [stat, cmdline] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    ])
    return parseStat(pid, stat, cmdline)
  } catch {
    return null
  }
}

/** `12 (name, which may hold spaces and ")") S 1 …`: state and parent come after the last parenthesis. */
export function parseStat(pid: number, stat: string, cmdline: string): RunningProcess | null {
  const match = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat)
  if (match === null) return null
  const [, name = '', state = '', parent = '0'] = match
  return { pid, parent: Number(parent), name, argv: argvOf(cmdline), zombie: state === 'Z' || state === 'X' }
}

/** Arguments end with a zero byte each; programs that rewrite their title leave one text, padded with zeros. */
function argvOf(cmdline: string): readonly string[] {
  const text = cmdline.replace(/\0+\n*$/, '')
  return text === '' ? [] : text.split('\0')
}

/** Prints what parseProcesses reads, with one process for all of them. */
export const processScript = 'head -c 2048 /proc/[0-9]*/stat /proc/[0-9]*/cmdline 2>/dev/null'

/** Files one after the other, each below a line with its name, as `head` prints several. */
export function parseProcesses(text: string): readonly RunningProcess[] {
  const parts = text.split(/(?:^|\n)==> \/proc\/(\d+)\/(stat|cmdline) <==\n/).slice(1)
  const stats = new Map<number, string>()
  const cmdlines = new Map<number, string>()
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const files = parts[at + 1] === 'stat' ? stats : cmdlines
    files.set(Number(parts[at]), parts[at + 2] ?? '')
  }
  return [...stats].flatMap(([pid, stat]) => parseStat(pid, stat, cmdlines.get(pid) ?? '') ?? [])
}

async function listByPs(shell: Shell, signal: AbortSignal): Promise<readonly RunningProcess[]> {
  const result = await shell.run(
    {
      command: { run: ['ps', '-A', '-o', 'pid=,ppid=,stat=,ucomm=,args='] },
      directory: '/',
      timeoutMs: 30_000,
      graceMs: 100,
    },
    signal,
  )
  return parsePs(result.stdout)
}

/** Lines of `ps -o pid=,ppid=,stat=,ucomm=,args=`. Where arguments end is lost; the check joins them anyway. */
export function parsePs(text: string): readonly RunningProcess[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s*(.*)$/.exec(line)
    if (match === null) return []
    const [, pid, parent, state = '', name = '', args = ''] = match
    const argv = args === '' ? [] : args.split(' ')
    return [{ pid: Number(pid), parent: Number(parent), name, argv, zombie: state.startsWith('Z') }]
  })
}

/** A process and all it descends from: deployctl's own command line may well hold the name that is looked for. */
export function lineOf(pid: number, processes: readonly RunningProcess[]): ReadonlySet<number> {
  const parents = new Map(processes.map((process) => [process.pid, process.parent]))
  const line = new Set<number>()
  let current: number | undefined = pid
  while (current !== undefined && current > 0 && !line.has(current)) {
    line.add(current)
    current = parents.get(current)
  }
  return line
}
