/** `status` as text: what serves, since when, whether it is as recorded; pins, holds, locks and what was interrupted. */
import type { HostStatus, ServiceStatus, StatusReport } from '../../app/requests.js'
import { showRecorded } from '../../base/moment.js'
import { showVersion } from '../../model/release.js'
import type { Freeze } from '../../model/state.js'
import { heldLine } from './held-line.js'
import { nextLines } from './next-lines.js'
import { header } from './plan-view.js'
import { ago } from './relative-time.js'
import { table, type Cell } from './table.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

export function statusText(report: StatusReport, style: Style, now: Date, flags: string): string {
  const serial = report.serial === null ? 'nothing deployed yet' : `state ${report.serial}`
  const parts = [
    [header(`${report.project} · ${report.environment}`, serial, style)],
    serviceLines(report, style, now),
    report.services.flatMap((service) => detailLines(service, style, now)),
    deploymentLines(report, style, now, flags),
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function serviceLines({ services }: StatusReport, style: Style, now: Date): readonly string[] {
  if (services.length === 0) return ['  There are no services.']
  return table({
    columns: [{ title: 'service' }, { title: 'version' }, { title: 'since' }, { title: '', flexible: true }],
    rows: services.flatMap((service) => [
      [
        service.service,
        service.version === null ? '–' : showVersion(service.version),
        ago(service.since, now),
        condition(service, style),
      ],
      ...hostRows(service, style),
    ]),
    width: style.width,
    titlePaint: style.paint.faint,
  })
}

function condition(status: ServiceStatus, { paint }: Style): Cell {
  const { hosts, version, configured } = status
  const gone = configured ? '' : '; no longer in deploy.yaml: the next apply removes it'
  if (version === null) return { text: 'not deployed yet', paint: paint.faint }
  const [only] = hosts
  const trouble = hosts.length === 1 && only !== undefined ? troubleOf(only, paint) : null
  if (trouble !== null) return { ...trouble, text: `${trouble.text}${gone}` }
  const well = hosts.filter((host) => troubleOf(host, paint) === null).length
  const where =
    hosts.length === 1
      ? ''
      : ` on ${well === hosts.length ? `all ${well}` : `${well} of ${hosts.length}`} hosts`
  if (well < hosts.length) return { text: `serves as recorded${where}${gone}`, paint: paint.careful }
  if (gone !== '') return { text: `serves${where}${gone}`, paint: paint.careful }
  return { text: `serves${where}, as recorded`, paint: paint.good }
}

/** Hosts that are not as they should be, where there are several. */
function hostRows(
  { hosts, version }: ServiceStatus,
  { paint }: Style,
): readonly (readonly (string | Cell)[])[] {
  if (hosts.length < 2 || version === null) return []
  return hosts.flatMap((host) => {
    const trouble = troubleOf(host, paint)
    if (trouble === null) return []
    return [[`  ${host.host}`, host.version === null ? '–' : showVersion(host.version), '', trouble]]
  })
}

function troubleOf({ behind, observation, problem }: HostStatus, paint: Style['paint']): Cell | null {
  if (problem !== null) return { text: `could not be looked at: ${problem.message}`, paint: paint.bad }
  const drift = observation?.drift ?? []
  if (drift.length > 0) {
    return { text: `drift: ${drift.map(({ message }) => message).join('; ')}`, paint: paint.careful }
  }
  return behind === null ? null : { text: `behind: ${behind}`, paint: paint.careful }
}

function detailLines(
  { service, pin, holds, hosts }: ServiceStatus,
  style: Style,
  now: Date,
): readonly string[] {
  const say = (text: string): string => paragraph(text, style.width, 2, 4)
  return [
    ...(pin === null
      ? []
      : [
          say(
            `${service} is pinned to ${showVersion(pin.version)} by ${pin.by}, ${ago(pin.at, now)}: ${pin.reason}`,
          ),
        ]),
    ...holds.map((hold) => heldLine(service, hold, style.width, now)),
    ...hosts.flatMap(({ host, observation }) =>
      (observation?.notices ?? []).map((notice) =>
        say(`note: ${service}${hosts.length === 1 ? '' : ` on ${host}`}: ${notice}`),
      ),
    ),
  ]
}

function deploymentLines(
  { last, lock, unfinished, waiting, approvals, freeze }: StatusReport,
  style: Style,
  now: Date,
  flags: string,
): readonly string[] {
  const { paint, width } = style
  const lastLine =
    last === null
      ? []
      : [
          paragraph(
            `last: ${last.deployment}, ${last.command} by ${last.by}, ${ago(last.endedAt, now)}: ${last.outcome}`,
            width,
            2,
            4,
          ),
        ]
  const lockLine =
    lock === null
      ? []
      : [
          paint.careful(
            paragraph(
              `locked by ${lock.by} (${lock.operation}, process ${lock.pid}${lock.liveness === 'dead' ? ', which is gone' : ''}) since ${ago(lock.created, now)}; lock id ${lock.id}${lock.liveness === 'dead' ? '; the next command takes it over' : ''}`,
              width,
              2,
              4,
            ),
          ),
        ]
  const interrupted = unfinished.length > 0 && (lock === null || lock.liveness === 'dead')
  const stuck = last?.outcome === 'stuck' && unfinished.includes(last.deployment)
  const unfinishedLines = interrupted
    ? [
        paint.bad(
          paragraph(
            `! ${stuck ? 'stuck' : 'interrupted'}: ${unfinished.join(', ')}. Nothing else can be deployed until it is ${stuck ? '' : 'finished or '}undone.`,
            width,
            2,
            4,
          ),
        ),
        nextLines([[`deployctl recover${flags}`, 'see what is there, and choose']], style),
      ]
    : []
  const freezeLine = freeze === null ? [] : [paint.careful(paragraph(frozenText(freeze, now), width, 2, 4))]
  const isWaiting = waiting.length > 0 && !interrupted
  const waitingLines = isWaiting
    ? [
        ...waiting.map(({ deployment, title }) =>
          paint.careful(paragraph(`! deployment ${deployment} waits for a person: ${title}`, width, 2, 4)),
        ),
        nextLines(
          [
            ...waiting.map(
              ({ step }) =>
                [
                  `deployctl approve${waiting.length > 1 ? ` --step ${step}` : ''}${flags}`,
                  'let it go on',
                ] as const,
            ),
            [`deployctl abort${flags}`, 'end it, and undo it'],
          ],
          style,
        ),
      ]
    : []
  const approvalLines = approvals.length === 0 ? [] : approvalText(approvals, style, now, flags)
  return [...freezeLine, ...lastLine, ...lockLine, ...approvalLines, ...waitingLines, ...unfinishedLines]
}

/** What the agent found and a person has to let it deploy. */
function approvalText(
  approvals: StatusReport['approvals'],
  style: Style,
  now: Date,
  flags: string,
): readonly string[] {
  const open = approvals.filter(({ approvedBy }) => approvedBy === null)
  return [
    ...approvals.map(({ service, version, since, approvedBy }) => {
      const what = version === null ? `that ${service} is taken away` : `${service} ${showVersion(version)}`
      const text =
        approvedBy === null
          ? `! ${what} waits to be approved, since ${ago(since, now)}`
          : `${what} is approved by ${approvedBy}; the agent deploys it in its windows`
      const line = paragraph(text, style.width, 2, 4)
      return approvedBy === null ? style.paint.careful(line) : line
    }),
    ...(open.length === 0
      ? []
      : [
          nextLines(
            open.map(
              ({ service }) => [`deployctl approve ${service}${flags}`, 'let the agent deploy it'] as const,
            ),
            style,
          ),
        ]),
  ]
}

function frozenText({ by, at, reason, until }: Freeze, now: Date): string {
  const end = until === null ? '' : ` until ${showRecorded(until)}`
  return `frozen${end} by ${by}, ${ago(at, now)}: ${reason}. Nothing is deployed by itself.`
}
