/**
 * The program that runs on a host for as long as the connection lasts: a loop of /bin/sh that takes one script after
 * another from standard input, so that a script costs one round trip and no new process of ssh on either side.
 *
 * The login shell (which may be fish or csh) is only handed the first line; everything else is read by /bin/sh. Scripts
 * come as lines and end with a line that nobody can guess; the answer ends with the same on both streams. `read` takes
 * no byte beyond its line, so what follows a script is still there for the script to read as its input.
 */

/** Reads and runs a program from standard input. Goes through any login shell in single quotes: no newline, no `!`. */
const reader = `n=$(printf "\\nx");n=\${n%x};s=;while IFS= read -r l;do case $l in .) break;;esac;s="$s$l$n";done;eval "$s"`

export const bootstrap = `exec /bin/sh -c '${reader}'`

/**
 * The same for a program that is read after a line that says so: what comes before it is for sudo, which may or may not
 * have read it.
 */
export const laterReader = `while IFS= read -r l;do case $l in deployctl-begins) break;;esac;done;${reader}`
export const beginning = 'deployctl-begins\n'

/** Ends the text that the bootstrap reads. */
const bootstrapEnd = '.'

/** What is said first: the functions that scripts may use, then the loop. No line of it is a single dot. */
export function bootstrapLines(token: string, library: string): string {
  return `${runner}
${library}
PATH="$PATH:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"; export PATH
d_nl=$n d_lc=\${LC_ALL-} d_s=
d_end() { printf '\\036${token} %s\\n' "$1"; printf '\\036${token} %s\\n' "$1" >&2; }
d_end 0
while IFS= read -r d_l; do
  case $d_l in
    ${token}) (LC_ALL=C; export LC_ALL; eval "$d_s"); d_end $?; d_s=;;
    TERM|KILL) [ -z "$d_s" ] || d_s="$d_s$d_l$d_nl";; # meant for a command that has just ended by itself
    *) d_s="$d_s$d_l$d_nl";;
  esac
done
${bootstrapEnd}
`
}

/** Answers an exit code of a command that a signal ended, as shells write it. */
export const signalBase = 128

/**
 * d_run GRACE COMMAND…: a user's command in a process group of its own, with `d_in`, where it is set, as its input.
 * Lines that come meanwhile on standard input are signals for the group; when the input ends, the connection has gone
 * and so does the command: TERM, the grace, KILL. What the command leaves running in its group gets two seconds, and
 * nobody listens to its output after that, so that it is never taken for the answer to a later script.
 */
const runner = `
d_go() { if command -v setsid >/dev/null 2>&1; then exec setsid "$@"; else exec "$@"; fi; }
d_run() {
  d_grace=$1; shift
  if [ -n "$d_lc" ]; then LC_ALL=$d_lc; else unset LC_ALL; fi
  d_dir=$(mktemp -d 2>/dev/null || mktemp -d "\${HOME:-.}/.deployctl-XXXXXX") || return 126
  mkfifo -m 600 "$d_dir/o" "$d_dir/e" || return 126
  exec 4<&0
  cat "$d_dir/o" & d_o=$!
  cat "$d_dir/e" >&2 & d_e=$!
  if [ -n "\${d_in+x}" ]; then printf %s "$d_in" | d_go "$@" >"$d_dir/o" 2>"$d_dir/e" 4<&- & d_p=$!
  else d_go "$@" </dev/null >"$d_dir/o" 2>"$d_dir/e" 4<&- & d_p=$!; fi
  if command -v setsid >/dev/null 2>&1; then d_g=-$d_p; else d_g=$d_p; fi
  {
    while IFS= read -r d_l; do case $d_l in TERM|KILL) kill -s "$d_l" -- "$d_g";; esac; done
    kill -s TERM -- "$d_g"; sleep "$d_grace"; kill -s KILL -- "$d_g"
  } <&4 >/dev/null 2>&1 &
  d_w=$!
  exec 4<&-
  wait "$d_p"; d_r=$?
  { kill "$d_w"; wait "$d_w"; } >/dev/null 2>&1
  for d_t in 1 1; do kill -s 0 -- "$d_g" 2>/dev/null && sleep $d_t; done
  kill -s KILL -- "$d_g" 2>/dev/null
  (sleep 1; kill "$d_o" "$d_e") >/dev/null 2>&1 & d_k=$!
  wait "$d_o" "$d_e" 2>/dev/null
  { kill "$d_k"; wait "$d_k"; } >/dev/null 2>&1
  rm -rf "$d_dir"
  return "$d_r"
}`
