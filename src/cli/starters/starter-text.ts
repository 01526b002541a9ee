/** The deploy.yaml that `init` writes: one page, commented, valid as it is. The parts that differ by choice are data. */
import { basename, dirname } from 'node:path'
import { sourceStarters, targetStarters } from './starter-parts.js'

export interface StarterChoice {
  readonly target: string
  readonly source: string
  /** Absolute: the project is named after its folder. */
  readonly file: string
}

export function starterText({ target, source, file }: StarterChoice): string {
  const from = sourceStarters[source]
  const to = targetStarters[target]
  if (from === undefined || to === undefined) throw new Error(`init: no starter for ${source} to ${target}`)
  return `# What should run where. \`deployctl plan\` shows what would change, \`deployctl apply\` changes it.
# Editors complete and check this file with: deployctl schema > deploy.schema.json
# yaml-language-server: $schema=./deploy.schema.json
version: 1
project: ${projectName(file)}
defaultEnvironment: staging

# Where deployctl remembers what it deployed. Keep it out of version control.
state:
  type: local
  path: .deployctl

sources:
  app:
${indented(from.source, 4)}

services:
  app:
    source: app
    # An exact version, a semver range such as ^1.4, or latest.
    version: ${from.version}
    target:
${indented(to.target, 6)}
    strategy:
${indented(to.strategy, 6)}

# Asked of a new release. When they fail, the release before serves as before.
healthChecks:
${indented(to.healthChecks, 2)}

# Commands at certain moments, each with what undoes it.
# hooks:
#   migrate:
#     when: beforeSwitch
#     service: app
#     run: [bin/migrate, up]
#     revert: [bin/migrate, down]

# What differs from environment to environment.
environments:
  staging:
    variables:
${indented(to.staging, 6)}
  production:
    variables:
${indented(to.production, 6)}
`
}

/** The folder's name as a project may be called: lower case, digits and dashes. */
function projectName(file: string): string {
  const name = basename(dirname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '')
  return name === '' ? 'project' : name
}

function indented(text: string, by: number): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(by) + line))
    .join('\n')
}
