/**
 * Starting an instance: a container that runs as it should is left alone, any other of this name is taken away and made
 * anew. What was made is known by its labels from the moment it is there, so whatever stops this half way is found.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { copyName, type Instance } from '../../../model/instance.js'
import type { OperationContext } from '../../../model/target.js'
import { findContainer, inspectContainer, isUp, type Inspected } from './containers.js'
import { changesOf } from './drift.js'
import { engineSays, statusOf } from './engine/trouble.js'
import { makeUp, type MakeUp } from './make-up.js'
import { containerName, imageTag, labels } from './names.js'
import type { Place } from './place.js'
import { secretArchive } from './secret-archive.js'
import { findImage } from './stage.js'
import { removeContainer } from './stop.js'
import { variablesOf } from './variables.js'

export async function startInstance(
  place: Place,
  instance: Instance,
  context: OperationContext,
): Promise<void> {
  const { signal } = context
  const wanted = makeUp(place.options, instance, place.scope)
  const image = await findImage(place, imageTag(place.scope, instance.name), signal)
  if (image === null) {
    throw new DeployError('TARGET_REFUSED', `The image of ${instance.name} is not on the engine any more.`, {
      details: [`it was staged as ${imageTag(place.scope, instance.name)}`],
      hint: 'Something removed it since; deploy once more.',
    })
  }
  const there = await findContainer(place, instance, signal)
  if (there !== null) {
    if (isAsWanted(there, wanted, image.Id, place.router?.network ?? null)) return
    await place.router?.forget(copyName(instance), context)
    await removeContainer(place, there.Id, signal)
  }
  const id = await create(place, instance, wanted, signal)
  await connectFurther(place, id, wanted.networks.slice(1), signal)
  await putSecrets(place, id, signal)
  await start(place, id, instance, signal)
}

function isAsWanted(there: Inspected, wanted: MakeUp, imageId: string, ofRouter: string | null): boolean {
  const isMadeSo = there.Config.Labels[labels.spec] === wanted.spec
  return isMadeSo && isUp(there) && changesOf(there, imageId, ofRouter).length === 0
}

async function create(
  place: Place,
  instance: Instance,
  { body }: MakeUp,
  signal: AbortSignal,
): Promise<string> {
  const { engine, scope, options } = place
  const name = containerName(scope, instance)
  const Env = await variablesOf(place, signal)
  const question = {
    doing: `create the container ${name}`,
    method: 'POST',
    path: '/containers/create',
    query: { name, ...(options.platform === null ? {} : { platform: options.platform }) },
    body: { ...body, Env },
    mayRepeat: true, // what a first try made has our labels
  } as const
  try {
    return (await engine.ask<{ readonly Id: string }>(question, signal)).Id
  } catch (error) {
    const other = statusOf(error) === 409 ? await inspectContainer(place, name, signal) : null
    if (other === null) throw error
    if (other.Config.Labels[labels.spec] === body.Labels[labels.spec]) return other.Id
    throw new DeployError(
      'TARGET_REFUSED',
      `The name ${name} belongs to a container that deployctl did not make.`,
      {
        details: [`it is ${other.Id.slice(0, 12)}, made from ${other.Config.Image}`],
        hint: `Look at it, then rename it (docker rename ${name} OTHER) or remove it.`,
        cause: error,
      },
    )
  }
}

async function connectFurther(
  { engine }: Place,
  id: string,
  networks: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const network of networks) {
    await engine.ask(
      {
        doing: `connect the container to the network ${network}`,
        method: 'POST',
        path: `/networks/${encodeURIComponent(network)}/connect`,
        body: { Container: id },
      },
      signal,
    )
  }
}

async function putSecrets({ engine, options, ports }: Place, id: string, signal: AbortSignal): Promise<void> {
  const [user = 0, group = user] = /^\d+(:\d+)?$/.test(options.user ?? '')
    ? (options.user ?? '').split(':').map(Number)
    : []
  const files = await Promise.all(
    Object.entries(options.secretFiles).map(async ([path, text]) => ({
      path,
      text: await ports.secrets.reveal(text, signal),
      owner: { user, group },
    })),
  )
  if (files.length === 0) return
  await engine.ask(
    {
      doing: 'put the secret files into the container',
      method: 'PUT',
      path: `/containers/${id}/archive`,
      query: { path: '/' },
      archive: secretArchive(files),
    },
    signal,
  )
}

const startDeadlineMs = 120_000

async function start(place: Place, id: string, instance: Instance, signal: AbortSignal): Promise<void> {
  const name = containerName(place.scope, instance)
  const question = {
    doing: `start the container ${name}`,
    method: 'POST',
    path: `/containers/${id}/start`,
    deadlineMs: startDeadlineMs,
    mayRepeat: true,
  } as const
  try {
    await place.engine.ask(question, signal)
  } catch (error) {
    if (statusOf(error) === null) throw error
    const cause = error instanceof DeployError ? error.cause : error
    const said = engineSays(cause)
    const hint = hints.find(({ pattern }) => pattern.test(said))?.hint
    throw new DeployError('TARGET_REFUSED', `The engine could not start ${name}.`, {
      details: [said],
      ...(hint === undefined ? {} : { hint }),
      cause,
    })
  }
}

/** What people run into, by what the engine says of it. */
const hints: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  {
    pattern: /port is already allocated|address already in use/i,
    hint: 'Something else has the port of the host; see ports:, and docker ps on the engine’s host.',
  },
  {
    pattern: /executable file not found|no such file or directory/i,
    hint: 'The image does not have that program, or misses its interpreter; check command: and entrypoint:.',
  },
  { pattern: /permission denied/i, hint: 'The program is not executable for the user that it runs as.' },
  {
    pattern: /bind source path does not exist|invalid mount config/i,
    hint: 'Make the folder on the engine’s host first; see mounts:.',
  },
]
