/** Looks at a host in one round trip: what `doctor` shows, and what it judges by. */
import { DeployError } from '../../base/deploy-error.js'
import type { Clock } from '../../model/clock.js'
import type { Examination, HostLink } from '../../model/host.js'
import { quote } from '../system/quote.js'

const timeoutMs = 60_000

/** What is needed, tried out rather than looked up: a tool that is there may be too old. */
const trials: { readonly [name: string]: string } = {
  'tar with gzip':
    'tar -czf "$d/t" -C "$d" o && mkdir "$d/x" && tar -xzopf "$d/t" -C "$d/x" && [ -f "$d/x/o" ]',
  'mv -T': 'ln -s o "$d/l" && ln -s p "$d/m" && mv -fT "$d/m" "$d/l"',
  'stat -c': '[ "$(stat -c %s "$d/o")" = 3 ]',
  'find -exec +': '[ "$(find "$d/o" -exec echo {} +)" = "$d/o" ]',
  'find -print0': 'find "$d/o" -print0 >/dev/null',
  sha256sum: 'sha256sum <"$d/o" | grep -q "^98ea6e4f"',
  'dd iflag=fullblock': '[ "$(printf abc | dd bs=2 count=1 iflag=fullblock 2>/dev/null)" = ab ]',
  readlink: 'ln -s p "$d/r" && [ "$(readlink "$d/r")" = p ]',
  mkfifo: 'mkfifo "$d/f"',
  sync: 'sync "$d/o" || sync',
  'sort, uniq, grep, tr, wc, du, df':
    'df -Pk "$d" | sort | uniq -c | grep -c . | tr -d x | wc -c && du -sk "$d"',
}

const program = `
d=$(mktemp -d 2>/dev/null || mktemp -d "\${HOME:-.}/.deployctl-XXXXXX") || { echo 'missing a folder for temporary files'; exit 0; }
printf 'hi\\n' >"$d/o"
echo "user $(id -un)"
echo "system $(uname -sm)"
echo "now $(date +%s)"
try() { (eval "$2") >/dev/null 2>&1 || echo "missing $1"; }
${Object.entries(trials)
  .map(([name, trial]) => `try ${quote(name)} ${quote(trial)}`)
  .join('\n')}
rm -rf "$d"
if [ "$(id -u)" = 0 ] || sudo -n true >/dev/null 2>&1; then echo 'sudo yes'; fi
v=$(docker version --format '{{.Server.Version}}' 2>/dev/null) && echo "docker $v"
look() {
  p=$1; while [ ! -e "$p" ]; do p=\${p%/*}; [ -n "$p" ] || p=/; done
  if [ -d "$p" ] && [ -w "$p" ] && [ -x "$p" ]; then w=yes; else w=no; fi
  echo "folder $w $1"; echo "disk $(df -Pk "$p" | tail -n 1)"; echo "inodes $(df -Pi "$p" 2>/dev/null | tail -n 1)"
}
`

export async function examine(
  link: HostLink,
  folders: readonly string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Examination> {
  const connected = { script: ':', doing: 'answer', timeoutMs, repeatable: true }
  await link.run(connected, signal) // so that the time below is that of a round trip, not of the login
  const beganMs = clock.monotonicMs()
  await link.run(connected, signal)
  const roundTripMs = clock.monotonicMs() - beganMs
  const script = `${program}${folders.map((folder) => `look ${quote(folder)}`).join('\n')}\n:`
  const sentAt = clock.now().getTime()
  const result = await link.run({ script, doing: 'look at its tools', timeoutMs, repeatable: true }, signal)
  if (result.exitCode !== 0) {
    throw new DeployError('HOST_UNFIT', `${link.host.name} could not be looked at: its shell gave up.`, {
      details: result.stderr,
    })
  }
  return readExamination(result.stdout.toString('utf8'), roundTripMs, sentAt)
}

/** The host's clock was read somewhere within the second in which it was asked. */
function readExamination(text: string, roundTripMs: number, askedAt: number): Examination {
  const lines = text.split('\n').map((line) => {
    const at = line.indexOf(' ')
    return { key: line.slice(0, at), value: line.slice(at + 1) }
  })
  const one = (key: string): string | null => lines.find((line) => line.key === key)?.value ?? null
  const seconds = Number(one('now'))
  const ahead = seconds * 1000 + 500 - askedAt
  return {
    user: one('user') ?? '',
    system: one('system') ?? '',
    missing: lines.flatMap(({ key, value }) => (key === 'missing' ? [value] : [])),
    clockAheadMs: seconds === 0 || Math.abs(ahead) < 1000 + roundTripMs ? 0 : ahead,
    roundTripMs,
    sudo: one('sudo') === 'yes',
    docker: one('docker'),
    folders: lines.flatMap(({ key, value }, at) =>
      key === 'folder' ? [folderOf(value, lines[at + 1]?.value ?? '', lines[at + 2]?.value ?? '')] : [],
    ),
  }
}

const columns = /\s(\d+)\s+\d+\s+(-?\d+)\s+(?:\d+%|-)\s+(\/.*)$/

/** `disk` and `inodes` are lines of `df`; names of disks and folders may have spaces in them. */
function folderOf(text: string, disk: string, inodes: string): Examination['folders'][number] {
  const [, , free = '0', mountedAt = ''] = columns.exec(disk) ?? []
  const [, files = '0', freeFiles = ''] = columns.exec(inodes) ?? []
  const at = text.indexOf(' ')
  return {
    path: text.slice(at + 1),
    isWritable: text.startsWith('yes '),
    freeBytes: Number(free) * 1024,
    // some file systems make room for files as they need it, and say 0 of 0
    freeFiles: Number(files) > 0 ? Number(freeFiles) : null,
    mountedAt,
  }
}
