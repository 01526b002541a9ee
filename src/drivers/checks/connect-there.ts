/** Connecting to a port from another host, with what there is on it. */
import type { ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import { healthy, unhealthy } from './answer.js'
import { askHost, lastWord } from './ask-host.js'

/** After this long a port that does not answer counts as closed; the check's own timeout may be shorter. */
const seconds = 10

/**
 * bash can connect, and so can nc (BusyBox has one); else the kernel's table of listening sockets tells of the host's own
 * ports, in hexadecimal. Exit codes: 0 open, 1 closed, 7 nothing that can tell.
 */
const script = `
soon() { if command -v timeout >/dev/null; then timeout ${seconds} "$@"; else "$@"; fi; }
if command -v bash >/dev/null; then
  said=$(soon bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$TO" "$PORT" 2>&1) && exit 0
  printf '%s\\n' "$said" >&2; exit 1
elif command -v nc >/dev/null; then
  case $(nc -h 2>&1) in *-z*) z=-z e=;; *) z= e="-e true";; esac
  soon nc $z -w ${seconds} "$TO" "$PORT" $e </dev/null && exit 0
  exit 1
fi
case $TO in 127.*|::1|localhost) ;; *) exit 7;; esac
[ -r /proc/net/tcp ] || exit 7
hex=$(printf ':%04X' "$PORT")
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'`

export function connectThere(
  to: string,
  port: number,
  shown: string,
  place: ProbePlace,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const question = { script, env: { TO: to, PORT: String(port) }, about: `${shown} on ${place.host}` }
  return askHost(place, question, signal, (result) => {
    if (result.exitCode === 0) return healthy(`${shown} accepts connections on ${place.host}`)
    if (result.exitCode === 7) {
      return unhealthy(
        `${place.host} cannot connect to ${shown}: it has neither bash nor nc. Install one of them, or ask with at: controller`,
      )
    }
    return unhealthy(`no connection from ${place.host} to ${shown}: ${wordFor(lastWord(result, ''))}`)
  })
}

function wordFor(said: string): string {
  if (/refused/i.test(said)) return 'nothing listens there (connection refused)'
  if (/not known|resolve|resolution|bad address/i.test(said)) return 'the name has no address there'
  return said === '' ? 'nothing answers: is it down, or a firewall in between?' : said
}
