/** Two small programs for /bin/sh: what a worker's unit starts, and what it is told to after each end. */

import { quote } from '../../../system/quote.js'

/**
 * Puts the sockets into the order of `listen`, since systemd hands over those of several units in any, and becomes the
 * program. The first argument has their names in that order; a shell can only move descriptors below 10.
 */
export const startScript = [
  'wanted=$1; shift; IFS=:; fd=3',
  'for name in ${LISTEN_FDNAMES-}; do eval "n$fd=\\$name"; fd=$((fd + 1)); done',
  'fd=3',
  'for name in $wanted; do at=$fd',
  'while eval "[ \\"\\${n$at-}\\" != $name ]"; do at=$((at + 1)); if [ $at -gt 8 ]; then echo "the socket $name was not handed over" >&2; exit 1; fi; done',
  'if [ $at != $fd ]; then eval "exec 9<&$fd $fd<&$at $at<&9 9<&-; n$at=\\$n$fd"; fi',
  'fd=$((fd + 1)); done',
  'unset IFS',
  'exec "$@"',
].join('\n')

/** As many addresses as the script can move. */
export const mostAddresses = 6

/**
 * `guard NAME LIMIT SECONDS`, in the folder of the record: counts the ends of a release's workers. Beyond the limit it is
 * given up, and what served before it is started instead, by what was made ready for that at the switch (fallback*).
 */
export const guardScript = (folder: string, target: string, systemctl: string): string => `#!/bin/sh
# Written by deployctl: what happens when a worker ends. See docs/targets/process.md.
set -eu
name=$1 limit=$2 within=$3
cd ${quote(folder)}
[ -e "$name.ends" ] || exit 0 # its end was asked for
read -r now rest < /proc/uptime
now=\${now%.*}
echo "$now \${EXIT_CODE:-exited} \${EXIT_STATUS:-0}" >> "$name.ends"
count=0 kept=
while read -r at how; do
  if [ "$at" -le "$now" ] && [ $((now - at)) -lt "$within" ]; then
    count=$((count + 1)) kept="$kept$at $how
"
  fi
done < "$name.ends"
printf %s "$kept" > "$name.ends.$$"; mv "$name.ends.$$" "$name.ends"
[ "$count" -gt "$limit" ] || exit 0
[ -e given-up ] && exit 0
echo "$count $within \${EXIT_CODE:-exited} \${EXIT_STATUS:-0} $now $name" > "given-up.$$"; mv "given-up.$$" given-up
[ -e fallback.units ] || exit 0
read -r release < fallback.release
[ -d "$release" ] || exit 0
read -r next units < fallback.units
rm -f "$name.ends"
: > "$next.ends"
cp fallback.json "record.$$"; mv "record.$$" record.json
cp fallback.target ${quote(`${target}.tmp`)}; mv ${quote(`${target}.tmp`)} ${quote(target)}
rm -f fallback.*
${systemctl} --no-block start $units
${systemctl} --no-block stop "$(cat "$name.unit")"
`
