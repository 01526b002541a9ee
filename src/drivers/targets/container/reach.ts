/** How an instance can be judged from outside: its address, its health, how it ended; and commands run inside it. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Instance } from '../../../model/instance.js'
import type { Command } from '../../../model/spec.js'
import type { InstanceReach } from '../../../model/target.js'
import { captureOutput } from '../../system/output-capture.js'
import { addressIn } from './address-in.js'
import { findContainer, howItEnded, type Inspected } from './containers.js'
import { unframe } from './engine/unframe.js'
import type { Place } from './place.js'

export async function reachInstance(
  place: Place,
  instance: Instance,
  signal: AbortSignal,
): Promise<InstanceReach> {
  const container = await settledContainer(place, instance, signal)
  const engine = await place.engine.address()
  return {
    address: container === null ? null : addressIn(container, place.options, engine),
    ...(engine.kind === 'ssh' ? { tunnel: (host, port) => engine.link.tunnel(host, port) } : {}),
    ended: container === null ? 'its container is not there' : howItEnded(container),
    health: healthOf(container),
    restarts: container?.RestartCount ?? 0,
    async run(command, request, stop) {
      if (container === null) {
        throw new DeployError('TARGET_REFUSED', 'There is no container to run the command in.')
      }
      return runInside(place, container, command, request, stop)
    },
  }
}

const looks = { most: 5, everyMs: 500 }

/**
 * One that the engine should start again by itself and does not is given a moment: so it looks while the engine is being
 * restarted, which ends its containers first and answers a little longer.
 */
async function settledContainer(
  place: Place,
  instance: Instance,
  signal: AbortSignal,
): Promise<Inspected | null> {
  for (let look = 1; ; look++) {
    const container = await findContainer(place, instance, signal)
    if (container === null || !comesBack(container) || look === looks.most) return container
    await place.ports.clock.sleep(looks.everyMs, signal)
  }
}

function comesBack({ State, HostConfig }: Inspected): boolean {
  return (
    State.Status === 'exited' && ['always', 'unless-stopped'].includes(HostConfig.RestartPolicy?.Name ?? '')
  )
}

const states: { readonly [status: string]: InstanceReach['health'] } = {
  starting: 'starting',
  healthy: 'healthy',
  unhealthy: 'unhealthy',
}

function healthOf(container: Inspected | null): InstanceReach['health'] {
  return states[container?.State.Health?.Status ?? ''] ?? 'none'
}

/** The engine can start a command inside but not end it: one that outlives its time is left behind and said so. */
async function runInside(
  { engine }: Place,
  container: Inspected,
  command: Command,
  request: Parameters<InstanceReach['run']>[1],
  signal: AbortSignal,
): ReturnType<InstanceReach['run']> {
  const capture = captureOutput(request.onLine ?? (() => undefined))
  const result = (
    exitCode: number | null,
    ended: 'exit' | 'timeout' | 'cancelled',
    more: readonly string[] = [],
  ) => {
    capture.end()
    return { exitCode, ended, lastLines: [...capture.lastLines(), ...more] }
  }
  try {
    const { Id } = await engine.ask<{ readonly Id: string }>(
      {
        doing: 'prepare a command in the container',
        method: 'POST',
        path: `/containers/${container.Id}/exec`,
        body: {
          AttachStdout: true,
          AttachStderr: true,
          Cmd: 'run' in command ? command.run : ['/bin/sh', '-c', command.shell],
          Env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
        },
      },
      signal,
    )
    const question = {
      doing: 'run a command in the container',
      method: 'POST',
      path: `/exec/${Id}/start`,
      body: { Detach: false, Tty: false },
      deadlineMs: request.timeoutMs,
    } as const
    const onBytes = unframe((stream, bytes) => capture.write(stream, bytes), true)
    await engine.stream(question, { stallMs: request.timeoutMs, onBytes }, signal)
    const { ExitCode } = await engine.ask<{ readonly ExitCode: number | null }>(
      { doing: 'ask how the command ended', method: 'GET', path: `/exec/${Id}/json` },
      signal,
    )
    return result(ExitCode, 'exit')
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    if (error.code === 'CANCELLED') return result(null, 'cancelled')
    if (error.code !== 'TIMEOUT') throw error
    return result(null, 'timeout', ['(it may still run inside the container: an engine cannot end it)'])
  }
}
