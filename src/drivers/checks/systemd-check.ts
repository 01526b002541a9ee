/** The check `systemd`: a unit is active. What it last said is shown when it is not. */
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer } from '../../model/health-check.js'
import type { CommandResult } from '../../model/shell.js'
import { DeployError } from '../../base/deploy-error.js'
import { excerpt, healthy, unhealthy } from './answer.js'
import { askHost, lastWord } from './ask-host.js'

interface SystemdOptions {
  readonly unit: string
  readonly user?: boolean
}

/** First the facts, then, for what is not active, the last lines of its journal. A login need not know the user's manager. */
const script = `
command -v systemctl >/dev/null || exit 127
[ -z "$OWN" ] || { XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; }
facts=$(systemctl $OWN show -p LoadState,ActiveState,SubState,Result,NRestarts -- "$UNIT") || exit 1
printf '%s\\n' "$facts"
case $facts in *ActiveState=active*) ;; *) journalctl $OWN -u "$UNIT" -n 10 --no-pager -o cat 2>/dev/null | sed 's/^/said=/';; esac`

export const systemdCheck = {
  type: 'systemd',
  schema: {
    type: 'object',
    description: 'Healthy when a systemd unit is active on the host of the service.',
    properties: {
      type: { const: 'systemd', description: 'The kind of check.', examples: ['systemd'] },
      unit: {
        type: 'string',
        pattern: '^[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*$',
        description: 'The unit; `.service` may be left out.',
        examples: ['shop-api', 'shop-worker@1.service'],
      },
      user: {
        type: 'boolean',
        default: false,
        description: 'Whether it is a unit of the user’s own service manager (`systemctl --user`).',
        examples: [true],
      },
    },
    required: ['type', 'unit'],
    additionalProperties: false,
  },
  create(spec: DriverSpec): HealthCheck {
    const { unit, user = false } = spec as unknown as SystemdOptions // the schema above admits nothing else
    const env = { UNIT: unit, OWN: user ? '--user' : '' }
    return {
      probe: (place, signal) =>
        askHost(place, { script, env, about: `the unit ${unit}` }, signal, (result) =>
          judge(unit, place.host, result),
        ),
    }
  },
} as const satisfies HealthCheckDriver

function judge(unit: string, host: string, result: CommandResult): ProbeAnswer {
  if (result.exitCode === 127) {
    throw new DeployError('CONFIG_INVALID', `The host ${host} has no systemd, so no unit ${unit}.`, {
      hint: 'Use process, tcp, http or command to check this service.',
    })
  }
  if (result.exitCode !== 0)
    return unhealthy(`the unit ${unit} could not be looked at: ${lastWord(result, 'systemctl gave up')}`)
  const facts = result.stdout.split('\n')
  const of = (key: string): string =>
    facts.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? ''
  if (of('LoadState') === 'not-found') return unhealthy(`there is no unit ${unit}`)
  const state = `${of('ActiveState')} (${of('SubState')})`
  const restarts = Number(of('NRestarts')) > 0 ? `, restarted ${of('NRestarts')} times by systemd` : ''
  if (of('ActiveState') === 'active') return healthy(`the unit ${unit} is ${state}`)
  const why = ['', 'success'].includes(of('Result')) ? '' : `: ${of('Result')}`
  const said = facts.flatMap((line) => (line.startsWith('said=') ? [excerpt(line.slice(5), 500)] : []))
  return unhealthy(`the unit ${unit} is ${state}${why}${restarts}`, said)
}
