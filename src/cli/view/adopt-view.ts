/** What `adopt` found and proposes, as text. Pure. */
import { basename } from 'node:path'
import { formatSize } from '../../base/size.js'
import type { Adoption, AdoptionStep, Found } from '../../model/adoption.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

const kinds: { readonly [K in Found['kind']]: (found: Found) => string } = {
  releases: ({ link, releases }) =>
    `current leads to ${link ?? ''}, one of ${releases.length === 1 ? '1 release' : `${releases.length} releases`}`,
  linked: ({ link }) => `current leads to ${link ?? ''}`,
  current: () => 'current is a folder',
  plain: () => 'the application itself, without a link',
  nothing: () => 'nothing yet: a first `deployctl apply` needs no more',
  ours: () => 'deployctl deploys there already: nothing to do',
}

export function adoptionText({ where, found, steps }: Adoption, { paint, width }: Style): string {
  const { kind, bytes, owner, user, version, shared, supervisors, webServers } = found
  const facts: readonly (readonly [string, string])[] = [
    ['version', version ?? ''],
    ['size', bytes === 0 ? '' : `${formatSize(bytes)}, ${formatSize(found.freeBytes)} free`],
    ['owner', owner === '' ? '' : `${owner}; looked at as ${user}`],
    ['shared', shared.map(({ place, isFolder }) => `${place}${isFolder ? '/' : ''}`).join(', ')],
    ['run by', supervisors.map((one) => `${one.kind} ${one.name}`).join(', ')],
    ['served by', webServers.join(', ')],
  ]
  return [
    `${paint.strong(where)}: ${kinds[kind](found)}`,
    ...facts.flatMap(([name, value]) =>
      value === '' ? [] : [paragraph(`${name.padEnd(9)} ${value}`, width, 2, 12)],
    ),
    ...found.refusals.map((why) => paint.bad(paragraph(`✗ ${why}`, width, 2, 4))),
    ...(steps.length === 0 ? [] : ['', '  what would be done, and what undoes it if anything fails']),
    ...steps.flatMap(({ title, undo }, index) => [
      paragraph(`${index + 1}. ${title}`, width, 2, 5),
      paint.faint(paragraph(undo, width, 5, 5)),
    ]),
  ].join('\n')
}

export function stepLine(where: string, { title }: AdoptionStep): string {
  return `${where}: ${title}`
}

/** A deploy.yaml to go on from, and what is left to do by hand. */
export function proposalText(adoptions: readonly Adoption[], { paint, width }: Style): string {
  const taken = adoptions.filter(({ found }) => found.kind !== 'ours' && found.refusals.length === 0)
  const [first] = taken
  if (first === undefined) return paint.bad('Nothing can be taken over as it is.')
  return [
    paint.strong('A deploy.yaml to go on from:'),
    '',
    yamlOf(first, taken),
    '',
    ...todo(first, taken).map((line) => paragraph(`- ${line}`, width, 0, 2)),
  ].join('\n')
}

function yamlOf({ path, found }: Adoption, all: readonly Adoption[]): string {
  const name = nameOf(path)
  const hosts = [...new Set(all.flatMap(({ host }) => (host === null ? [] : [host])))]
  const shared = [
    ...new Map(all.flatMap((one) => one.found.shared.map((each) => [each.place, each] as const))).values(),
  ].map(({ place, isFolder }) => quoted(`${place}${isFolder ? '/' : ''}`))
  const [supervisor] = found.supervisors
  const [user = ''] = found.owner.split(':')
  return [
    'version: 1',
    `project: ${name}`,
    'defaultEnvironment: production',
    `sources:`,
    `  # where its releases come from: npm, git, github, s3, oci, http or a folder`,
    `  ${name}: { type: directory, path: releases, pattern: "v{version}" }`,
    'services:',
    `  ${name}:`,
    `    source: ${name}`,
    '    target:',
    '      type: directory',
    `      path: ${quoted(path)}`,
    ...(hosts.length === 0 ? [] : ['      hosts: app']),
    ...(shared.length === 0 ? [] : [`      shared: [${shared.join(', ')}]`]),
    ...(user === '' || user === found.user ? [] : [`      owner: ${quoted(found.owner)}`]),
    ...(supervisor === undefined
      ? []
      : [`      restart: { ${supervisor.kind}: ${quoted(supervisor.name)} }`]),
    ...(hosts.length === 0 ? [] : ['hosts:', `  app: [${hosts.map(quoted).join(', ')}]`]),
    'environments: { production: {} }',
  ].join('\n')
}

function todo(first: Adoption, all: readonly Adoption[]): readonly string[] {
  const { path, found } = first
  const kindsFound = new Set(all.map((one) => one.found.kind))
  return [
    ...(kindsFound.has('plain')
      ? [
          `Let the program and the web server use ${path}/current instead of ${path}, and restart them; the original files stay until you remove them.`,
        ]
      : []),
    ...(kindsFound.has('current') || kindsFound.has('releases') || kindsFound.has('linked')
      ? [
          'What serves now goes on serving until the first `deployctl apply`, which moves the link in one rename; when that fails, the link goes back to where it was.',
        ]
      : []),
    ...(found.supervisors.length === 0
      ? ['Nothing was found that runs it: say in "restart" how it learns of a release.']
      : []),
    ...(kindsFound.size > 1 ? ['The hosts differ: look at each of them above.'] : []),
    'Earlier releases are never pruned: they are not deployctl’s.',
  ]
}

function nameOf(path: string): string {
  const name = basename(path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return /^[a-z]/.test(name) ? name : `app${name === '' ? '' : `-${name}`}`
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./@-]+$/.test(text) && !/^[-@.]?$/.test(text) && !text.startsWith('@')
    ? text
    : JSON.stringify(text)
}
