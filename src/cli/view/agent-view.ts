/** What a running agent says of itself, as text. */
import type { AgentSnapshot } from '../../model/agent.js'
import { showVersion } from '../../model/release.js'
import { ago } from './relative-time.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

export function agentText(agent: AgentSnapshot, { paint, width }: Style, now: Date): string {
  const say = (text: string): string => paragraph(text, width, 2, 4)
  const { pause, running } = agent
  return [
    `agent ${agent.version}, process ${agent.pid}, started ${ago(agent.startedAt, now)}, mode ${agent.mode}`,
    say(agent.lastPollAt === null ? 'has not looked yet' : `looked ${ago(agent.lastPollAt, now)}`),
    ...(agent.waves === null
      ? []
      : [
          say(
            `takes turns with other hosts as ${agent.waves.host}${agent.waves.isCanary ? ', a canary' : ''}`,
          ),
        ]),
    ...(pause === null
      ? []
      : [paint.careful(say(`paused by ${pause.by}, ${ago(pause.at, now)}: ${pause.reason}`))]),
    ...agent.outages.map(({ source, since, message }) =>
      paint.bad(say(`source ${source} cannot be asked since ${ago(since, now)}: ${message}`)),
    ),
    ...(running === null ? [] : [say(`deploying ${running.services.join(', ')}: ${running.deployment}`)]),
    ...agent.decisions.map(({ service, version, verdict, reason }) =>
      say(`${service}${version === null ? '' : ` ${showVersion(version)}`}: ${verdict}, ${reason}`),
    ),
    ...(agent.undelivered === 0 ? [] : [say(`${agent.undelivered} notifications wait for their notifier`)]),
  ].join('\n')
}
