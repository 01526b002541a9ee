/** The upper half of a plan: each service with its mark, its versions, why it changes, and what changes in its specification. */
import type { Change, ChangeKind, Side } from '../../model/change.js'
import { localHost } from '../../model/host-spec.js'
import type { Plan } from '../../model/plan.js'
import { showVersion } from '../../model/release.js'
import { shortDigest } from '../../base/hash.js'
import type { Paint } from './paint.js'
import { hostDiffs, specDiff, type SpecLine } from './spec-diff.js'
import type { Style } from './terminal.js'
import { padEnd, paragraph, textWidth } from './text-width.js'

const marks: { readonly [K in ChangeKind]: string } = {
  create: '+',
  update: '~',
  replace: '-/+',
  remove: '-',
  none: '',
}
const colours: { readonly [K in ChangeKind]: keyof Paint } = {
  create: 'good',
  update: 'careful',
  replace: 'bad',
  remove: 'bad',
  none: 'faint',
}
/** More unchanged services than this are one line. */
const unchangedShown = 5
const longestColumn = 28

export async function changeLines(plan: Plan, style: Style): Promise<readonly string[]> {
  const changed = plan.changes.filter(({ kind }) => kind !== 'none')
  const unchanged = plan.changes.filter(({ kind }) => kind === 'none')
  const shown = unchanged.length <= unchangedShown ? [...changed, ...unchanged] : changed
  const columns = {
    mark: Math.max(1, ...shown.map(({ kind }) => marks[kind].length)),
    name: columnWidth(shown.map(({ service }) => service)),
    versions: columnWidth(shown.map(versions)),
    hosts: hostsOf(plan),
  }
  const lines: string[] = []
  for (const change of shown) lines.push(...(await linesOf(change, columns, style)))
  if (shown !== changed && unchanged.length <= unchangedShown) return lines
  const rest = `${unchanged.length} services have nothing to do`
  return [...lines, style.paint.faint(`  ${' '.repeat(columns.mark)} ${rest}`)]
}

interface Columns {
  readonly mark: number
  readonly name: number
  readonly versions: number
  readonly hosts: ReadonlyMap<string, ReadonlySet<string>>
}

async function linesOf(change: Change, columns: Columns, style: Style): Promise<readonly string[]> {
  const colour = style.paint[colours[change.kind]]
  const indent = 2 + columns.mark + 1
  const { before, after } = change
  const specLines = before === null || after === null ? [] : await differences(before, after)
  const later = specLines.length === 0 ? '' : ' now; from the next deployment on:'
  const place =
    change.kind === 'none'
      ? `nothing to do${later}`
      : placeOf(change, columns.hosts.get(change.service) ?? new Set())
  const head = [padEnd(change.service, columns.name), padEnd(versions(change), columns.versions)].join('  ')
  const plain = `  ${padEnd(marks[change.kind], columns.mark)} ${head}`
  const painted = colour(plain)
  const first =
    textWidth(plain) + 2 + textWidth(place) <= style.width
      ? [`${painted}  ${style.paint.faint(place)}`.trimEnd()]
      : [painted.trimEnd(), style.paint.faint(paragraph(place, style.width, indent + 2))]
  const inner = indent + 2
  const why = change.reasons.map((reason, index) =>
    index === 0
      ? paragraph(`why: ${reason}`, style.width, inner, inner + 5)
      : paragraph(reason, style.width, inner + 5, inner + 7),
  )
  return [...first, ...why, ...specLines.map((line) => specLine(line, inner, style))]
}

/** What deploy.yaml itself says anew; where it says the same, what is another on some hosts. */
async function differences(before: Side, after: Side): Promise<readonly SpecLine[]> {
  const lines = await specDiff(before.spec, after.spec)
  return lines.length > 0 ? lines : hostDiffs(before, after)
}

function specLine({ kind, text }: SpecLine, indent: number, style: Style): string {
  const { good, bad, faint } = style.paint
  const colour = { added: good, removed: bad, context: faint, changed: (same: string) => same }[kind]
  return colour(paragraph(text, style.width, indent, indent + 4))
}

function columnWidth(texts: readonly string[]): number {
  return Math.min(longestColumn, Math.max(0, ...texts.map(textWidth)))
}

/** `v1.0.0 → v1.0.1`; with digests where the version is the same and the content is not. */
export function versions({ before, after }: Pick<Change, 'before' | 'after'>): string {
  if (before === null) return after === null ? '' : showVersion(after.release.version)
  if (after === null) return `${showVersion(before.release.version)} → nothing`
  const sameVersion = before.release.version === after.release.version
  if (sameVersion && before.release.digest === after.release.digest) return showVersion(after.release.version)
  const show = ({ release }: Side): string =>
    sameVersion
      ? `${showVersion(release.version)} (${shortDigest(release.digest)})`
      : showVersion(release.version)
  return `${show(before)} → ${show(after)}`
}

/** Where it runs, in a few words: the kind of target, what tells it from others, and how many copies. */
function placeOf(change: Change, hosts: ReadonlySet<string>): string {
  const side = change.after ?? change.before
  if (side === null) return ''
  const { target } = side.spec
  const told = ['path', 'image', 'name', 'function', 'bucket']
    .map((option) => target[option])
    .find((value) => typeof value === 'string')
  return [
    target.type,
    ...(typeof told === 'string' ? [told] : []),
    ...(hosts.size > 1
      ? [`on ${hosts.size} hosts`]
      : [...hosts].filter((host) => host !== localHost).map((host) => `on ${host}`)),
  ].join(' ')
}

function hostsOf(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const hosts = new Map<string, Set<string>>()
  for (const { service, host } of Object.values(plan.instances)) {
    hosts.set(service, (hosts.get(service) ?? new Set()).add(host))
  }
  return hosts
}
