/** What happened on hosts, as text: lines of a command by host, how it ended, and what the doctor found. Pure. */
import type { HostHealth, HostRun } from '../../app/requests.js'
import { formatSize } from '../../base/size.js'
import { table } from './table.js'
import type { Style } from './terminal.js'
import { padEnd, paragraph } from './text-width.js'

export function hostLine(host: string, text: string, width: number, { paint }: Style): string {
  return `${paint.faint(`${padEnd(host, width)} |`)} ${text}`
}

export function runSummary(runs: readonly HostRun[], style: Style): string {
  const failed = runs.filter(({ exitCode }) => exitCode !== 0)
  const hosts = runs.length === 1 ? '1 host' : `${runs.length} hosts`
  if (failed.length === 0) return style.paint.good(`✓ done on ${hosts}`)
  const lines = failed.flatMap((one) => [
    style.paint.bad(paragraph(`✗ ${one.host} ${howItEnded(one)}`, style.width, 0, 2)),
    ...(one.problem?.details ?? []).map((line) => `    ${line}`),
    ...(one.problem?.hint === undefined ? [] : [paragraph(one.problem.hint, style.width, 2, 2)]),
  ])
  return [...lines, `failed on ${failed.length} of ${hosts}`].join('\n')
}

function howItEnded({ exitCode, signal, problem }: HostRun): string {
  if (problem !== null) return `was not reached: ${problem.message}`
  if (exitCode !== null) return `exited with ${exitCode}`
  return signal === 'cancelled' ? 'was interrupted' : `was ended by ${signal ?? 'a signal'}`
}

export function doctorText(found: readonly HostHealth[], style: Style): string {
  const rows = found.map(({ host, examination, problem, troubles }) => {
    const isWell = problem === null && troubles.length === 0
    const mark = isWell ? { text: '✓', paint: style.paint.good } : { text: '✗', paint: style.paint.bad }
    if (examination === null) return [mark, host, '', '', '', '', '']
    const { user, system, sudo, docker, roundTripMs, folders } = examination
    return [
      mark,
      host,
      sudo && user !== 'root' ? `${user} (sudo)` : user,
      system,
      docker === null ? '–' : docker,
      formatSize(Math.min(...folders.map(({ freeBytes }) => freeBytes))),
      `${Math.round(roundTripMs)} ms`,
    ]
  })
  const titles = ['', 'host', 'user', 'system', 'docker', 'free', 'round trip'].map((title) => ({ title }))
  const lines = table({ columns: titles, rows, width: style.width, indent: 0, titlePaint: style.paint.faint })
  return [...lines, ...found.flatMap((one) => troubleLines(one, style)), '', conclusion(found, style)].join(
    '\n',
  )
}

function troubleLines({ host, problem, troubles }: HostHealth, style: Style): readonly string[] {
  const all = [...(problem === null ? [] : [problem.message]), ...troubles]
  if (all.length === 0) return []
  return [
    '',
    ...all.map((text) => style.paint.bad(paragraph(`✗ ${host}: ${text}`, style.width, 0, 2))),
    ...(problem?.details ?? []).map((line) => `    ${line}`),
    ...(problem?.hint === undefined ? [] : [paragraph(problem.hint, style.width, 2, 2)]),
  ]
}

function conclusion(found: readonly HostHealth[], style: Style): string {
  const ill = found.filter(({ problem, troubles }) => problem !== null || troubles.length > 0).length
  const hosts = found.length === 1 ? '1 host' : `${found.length} hosts`
  if (ill === 0) return style.paint.good(`${hosts}, fit for deployments.`)
  return `${hosts}, ${ill} with something to mend.`
}
