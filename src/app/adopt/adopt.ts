/** Looks at places that somebody else deployed to, and takes them over: step by step, undone where one fails. */
import { DeployError } from '../../base/deploy-error.js'
import type { Adoption, AdoptionStep } from '../../model/adoption.js'
import type { Shell } from '../../model/shell.js'
import { lookScript } from './look-script.js'
import { migrationOf } from './migration.js'
import { readLook } from './read-look.js'

const lookTimeoutMs = 120_000
/** A backup of a large application over a slow disk. */
const stepTimeoutMs = 3_600_000

export interface AdoptionPlace {
  readonly where: string
  readonly host: string | null
  readonly path: string
  readonly shell: Shell
}

export async function lookAtPlace(place: AdoptionPlace, signal: AbortSignal): Promise<Adoption> {
  const { where, host, path, shell } = place
  const command = { shell: `LC_ALL=C; export LC_ALL\n${lookScript}` }
  const request = { command, directory: '/', env: { P: path }, timeoutMs: lookTimeoutMs }
  const result = await shell.run(request, signal)
  if (result.ended !== 'exit' || result.exitCode !== 0) {
    throw new DeployError('COMMAND_FAILED', `${where} could not be looked at.`, { details: result.lastLines })
  }
  const found = readLook(result.stdout, path)
  return { where, host, path, found, steps: migrationOf(found, path) }
}

/** Throws DeployError when a step failed; everything that had begun is undone by then, as far as that can be. */
export async function migrate(
  place: AdoptionPlace,
  adoption: Adoption,
  onStep: (step: AdoptionStep) => void,
  signal: AbortSignal,
): Promise<void> {
  const begun: AdoptionStep[] = []
  for (const step of adoption.steps) {
    if (signal.aborted) throw await undone(place, begun, `it was interrupted`, [])
    onStep(step)
    begun.push(step)
    const failure = await runScript(place, step.script, step.env, signal)
    if (failure !== null) throw await undone(place, begun, `"${step.title}" failed`, failure)
  }
}

/** Null when it went well, else its last lines. */
async function runScript(
  { shell }: AdoptionPlace,
  script: string,
  env: AdoptionStep['env'],
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  const command = { shell: `set -e\n${script}` }
  try {
    const result = await shell.run({ command, directory: '/', env, timeoutMs: stepTimeoutMs }, signal)
    return result.ended === 'exit' && result.exitCode === 0 ? null : result.lastLines
  } catch (error) {
    if (error instanceof DeployError) return [error.message]
    throw error
  }
}

async function undone(
  place: AdoptionPlace,
  begun: readonly AdoptionStep[],
  why: string,
  details: readonly string[],
): Promise<DeployError> {
  const never = new AbortController().signal
  const left: string[] = []
  for (const { revert, env, undo, title } of [...begun].reverse()) {
    const failure = await runScript(place, revert, env, never)
    if (failure !== null) left.push(`could not ${undo} (${title}): ${failure.at(-1) ?? ''}`)
  }
  const state = left.length === 0 ? 'Everything is as it was.' : 'Not all could be undone.'
  return new DeployError('COMMAND_FAILED', `${place.where} was not taken over: ${why}. ${state}`, {
    details: [...details, ...left],
    hint: 'Mend what it says, then adopt once more: what is done already is left alone.',
  })
}
