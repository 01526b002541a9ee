/** Pulling an image through the engine: its progress, and what goes wrong, which comes inside an answer that began well. */
import { DeployError } from '../../../base/deploy-error.js'
import type { OperationContext } from '../../../model/target.js'
import { dockerLogin, type Credentials } from '../../artifacts/docker-login.js'
import { documentsIn } from './engine/documents.js'
import { statusOf } from './engine/trouble.js'
import { showReference, type ImageReference } from './image.js'
import type { Place } from './place.js'

const longestMs = 60 * 60_000
/** Unpacking a large layer is silent for a while. */
const stallMs = 5 * 60_000

interface Report {
  readonly id?: string
  readonly status?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
}

export async function pullImage(
  place: Place,
  image: ImageReference,
  context: OperationContext,
): Promise<void> {
  const { engine, options } = place
  const { signal } = context
  const reference = showReference(image)
  const login = await loginFor(place, image.registry, signal)
  const layers = new Map<string, { readonly done: number; readonly total: number }>()
  const failures: string[] = []
  const read = documentsIn((document) => {
    const report = document as Report // the engine's documented form
    if (report.error !== undefined) failures.push(report.error)
    const { current, total } = report.progressDetail ?? {}
    if (report.status !== 'Downloading' || report.id === undefined || current === undefined) return
    layers.set(report.id, { done: current, total: total ?? current })
    const sum = (part: 'done' | 'total') => [...layers.values()].reduce((all, layer) => all + layer[part], 0)
    context.onProgress({ done: sum('done'), total: sum('total'), unit: 'bytes', label: 'pulling' })
  })
  const question = {
    doing: `pull ${reference}`,
    method: 'POST',
    path: '/images/create',
    query: {
      fromImage: image.name,
      tag: image.version,
      ...(options.platform === null ? {} : { platform: options.platform }),
    },
    deadlineMs: longestMs,
    ...(login === null ? {} : { login }),
  } as const
  try {
    await engine.stream(question, { stallMs, onBytes: read }, signal)
  } catch (error) {
    const details = error instanceof DeployError ? error.details : []
    throw statusOf(error) === null ? error : pullTrouble(details.join(' '), image, login !== null, error)
  }
  const failed = failures.at(-1)
  if (failed !== undefined) throw pullTrouble(failed, image, login !== null, undefined)
}

async function loginFor(
  { options, ports }: Place,
  registry: string,
  signal: AbortSignal,
): Promise<{ readonly [field: string]: string } | null> {
  const serveraddress = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry
  if (options.login !== null) {
    const [username, password] = await Promise.all(
      [options.login.username, options.login.password].map((text) => ports.secrets.reveal(text, signal)),
    )
    return { username: username ?? '', password: password ?? '', serveraddress }
  }
  const found = await dockerLogin(registry, ports, signal)
  return found === null ? null : { ...shownTo(found), serveraddress }
}

function shownTo(login: Credentials): { readonly [field: string]: string } {
  if (login.kind === 'password') return { username: login.username, password: login.password }
  return login.kind === 'identity' ? { identitytoken: login.token } : { registrytoken: login.token }
}

function pullTrouble(said: string, image: ImageReference, isLoggedIn: boolean, cause: unknown): DeployError {
  const reference = showReference(image)
  const details = [said]
  const parts = { details, ...(cause === undefined ? {} : { cause }) }
  if (/unauthorized|authentication required|access.*denied|no basic auth|forbidden/i.test(said)) {
    const hint = isLoggedIn
      ? `Check that the login for ${image.registry} is right, not expired, and may pull.`
      : `Set login: on the target, or log in on this machine with docker login ${image.registry}.`
    return new DeployError('SOURCE_DENIED', `${image.registry} does not let the engine pull ${reference}.`, {
      ...parts,
      hint,
    })
  }
  if (/manifest unknown|not found|no such image/i.test(said)) {
    const hint = 'Check the name and the tag; the registry may have removed the image.'
    return new DeployError('ARTIFACT_MISSING', `There is no image ${reference}.`, { ...parts, hint })
  }
  if (/no matching manifest|does not match the specified platform/i.test(said)) {
    const hint = 'Build it for that platform as well, or set platform: to one that is there.'
    return new DeployError('ARTIFACT_MISSING', `${reference} is not there for the engine’s platform.`, {
      ...parts,
      hint,
    })
  }
  if (/no space left on device/i.test(said)) {
    const hint = 'Make room on the engine’s disk (docker system df shows what takes it).'
    return new DeployError('DISK_FULL', `The engine has no room for ${reference}.`, { ...parts, hint })
  }
  const hint = `The engine itself must reach ${image.registry}; try docker pull ${reference} there.`
  return new DeployError('SOURCE_UNREACHABLE', `The engine could not pull ${reference}.`, { ...parts, hint })
}
