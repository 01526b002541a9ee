/** The check `log`: a log has had no line of a kind since the deployment began to switch. */
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer, ProbePlace } from '../../model/health-check.js'
import type { CommandResult } from '../../model/shell.js'
import { DeployError } from '../../base/deploy-error.js'
import { excerpt, healthy, unhealthy } from './answer.js'
import { askHost, lastWord } from './ask-host.js'

interface LogOptions {
  readonly file?: string
  readonly unit?: string
  readonly user?: boolean
  readonly without: string
}

const shownLines = 5

/** Where the log ends by now: a file's inode and length, or the journal's cursor. A file may come later. */
const markScripts = {
  file: `[ -e "$FILE" ] && printf '%s %s\\n' "$(ls -Ldi "$FILE" | awk '{print $1}')" "$(wc -c <"$FILE")" || echo '0 0'`,
  unit: `command -v journalctl >/dev/null || exit 127
    journalctl $OWN -n 0 --show-cursor -q | sed -n 's/^-- cursor: //p'`,
} as const

/**
 * What came after the mark. A file that was rotated since has another inode (the rest of the old one is looked for where
 * it usually goes) or is shorter than it was (it was copied and cut); then it is read from its beginning.
 */
const readScripts = {
  file: `
    inode=\${MARK% *} size=\${MARK#* }
    if [ ! -e "$FILE" ]; then echo "$FILE does not exist" >&2; exit 3; fi
    [ -r "$FILE" ] || { echo "$FILE may not be read" >&2; exit 3; }
    of() { ls -Ldi "$1" 2>/dev/null | awk '{print $1}'; }
    from() { tail -c "+$(($1 + 1))" "$2"; }
    {
      if [ "$(of "$FILE")" = "$inode" ] && [ "$(wc -c <"$FILE")" -ge "$size" ]; then from "$size" "$FILE"
      else [ "$(of "$FILE.1")" != "$inode" ] || from "$size" "$FILE.1"; cat "$FILE"; fi
    }`,
  unit: `
    command -v journalctl >/dev/null || exit 127
    { if [ -n "$MARK" ]; then journalctl $OWN -u "$UNIT" --after-cursor="$MARK" -o cat --no-pager -q
      else journalctl $OWN -u "$UNIT" -b -o cat --no-pager -q; fi; }`,
} as const
const own =
  '[ -z "$OWN" ] || { XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; }\n'
/** grep says 1 when there is no such line, 2 when it does not take the pattern. */
const find = ` | { grep -E -m ${shownLines} -e "$PATTERN"; r=$?; cat >/dev/null; exit $r; }`

export const logCheck = {
  type: 'log',
  schema: {
    type: 'object',
    description:
      'Healthy as long as no line that matches was written to a log since the deployment began to switch.',
    properties: {
      type: { const: 'log', description: 'The kind of check.', examples: ['log'] },
      file: {
        type: 'string',
        minLength: 1,
        description: 'The log file; a relative path starts in the folder of the release.',
        examples: ['/var/log/shop/api.log', 'log/production.log'],
      },
      unit: {
        type: 'string',
        pattern: '^[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*$',
        description: 'Instead of a file: the journal of a systemd unit.',
        examples: ['shop-api'],
      },
      user: {
        type: 'boolean',
        default: false,
        description: 'Whether it is a unit of the user’s own service manager.',
        examples: [true],
      },
      without: {
        type: 'string',
        minLength: 1,
        description: 'What no new line may match: an extended regular expression, as `grep -E` has it.',
        examples: ['FATAL|panic:'],
      },
    },
    required: ['type', 'without'],
    oneOf: [{ required: ['file'] }, { required: ['unit'] }],
    dependencies: { user: ['unit'] },
    additionalProperties: false,
  },
  create(spec: DriverSpec): HealthCheck {
    const options = spec as unknown as LogOptions // the schema above admits nothing else
    const kind = options.unit === undefined ? 'file' : 'unit'
    const about = kind === 'file' ? `the log ${options.file ?? ''}` : `the journal of ${options.unit ?? ''}`
    const envAt = (place: ProbePlace) => ({
      FILE: kind === 'file' ? fileAt(options.file ?? '', place) : '',
      UNIT: options.unit ?? '',
      OWN: options.user === true ? '--user' : '',
      PATTERN: options.without,
    })
    return {
      async mark(place, signal) {
        let mark = ''
        await askHost(
          place,
          { script: own + markScripts[kind], env: envAt(place), about },
          signal,
          (result) => {
            mark = result.stdout.trim()
            return healthy('')
          },
        )
        return mark
      },
      probe: (place, signal) =>
        askHost(
          place,
          {
            script: own + readScripts[kind] + find,
            env: { ...envAt(place), MARK: place.mark ?? (kind === 'file' ? '0 0' : '') },
            about,
          },
          signal,
          (result) => judge(options, about, result),
        ),
    }
  },
} as const satisfies HealthCheckDriver

function fileAt(file: string, { folder }: ProbePlace): string {
  if (file.startsWith('/')) return file
  if (folder !== null) return `${folder}/${file}`
  throw new DeployError(
    'CONFIG_INVALID',
    `The log ${file} has no release folder to start in on this target.`,
    {
      hint: 'Write the whole path.',
    },
  )
}

function judge({ without }: LogOptions, about: string, result: CommandResult): ProbeAnswer {
  const { exitCode, stdout } = result
  if (exitCode === 127) {
    throw new DeployError('CONFIG_INVALID', `${about} cannot be read: the host has no journalctl.`, {
      hint: 'Name a file instead of a unit.',
    })
  }
  if (exitCode === 2) {
    throw new DeployError('CONFIG_INVALID', `"${without}" for without is not a pattern that grep -E takes.`, {
      details: [lastWord(result, 'grep gave up')],
    })
  }
  if (stdout !== '') {
    const lines = stdout.split('\n').filter((line) => line !== '')
    return unhealthy(`${about} has a new line that matches ${without}: ${excerpt(lines[0] ?? '')}`, lines)
  }
  // grep found nothing; anything else never came as far as that
  return exitCode === 1
    ? healthy(`${about} has no new line that matches ${without}`)
    : unhealthy(`${about} could not be read: ${lastWord(result, 'it was given up')}`)
}
