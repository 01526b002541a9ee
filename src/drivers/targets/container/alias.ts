/**
 * The router `alias`: a name in a network of the engine, which its DNS gives to containers in that network. A container serves
 * while it is in the network under that name. For internal services whose clients look the name up for each connection.
 *
 * An engine cannot give a name to a container that is in the network already, nor take it away: a container is connected
 * anew for it. So the network is for this alone; what a container needs itself goes by its other networks.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { Router, RouterEnd } from '../../../model/router.js'
import type { OperationContext, TargetScope } from '../../../model/target.js'
import type { Ports } from '../../../model/ports.js'
import { aliasSchema } from './alias-schema.js'
import { inspectContainer, listOurs, nameIn, type Inspected } from './containers.js'
import type { Engine } from './engine/engine.js'
import { statusOf } from './engine/trouble.js'
import type { ContainerRouterDriver } from './routers.js'

interface Alias {
  readonly engine: Engine
  readonly scope: TargetScope
  readonly network: string
  readonly name: string
}

export const aliasRouter = {
  type: 'alias',
  schema: aliasSchema,
  weights: false,
  create(spec: DriverSpec, scope: TargetScope, ports: Ports, engine: Engine): Router {
    const { network, name = scope.service } = spec as unknown as Written // the schema admits nothing else
    const alias = { engine, scope, network, name }
    return {
      place: `alias ${network} ${name}`,
      network,
      look: (signal) => look(alias, signal),
      route: (ends, context) => route(alias, ends, context),
      async drain(names, deadlineMs, { signal }) {
        // An engine does not know what is open. Those that are out of the network have nothing open in it.
        const there = await members(alias, signal)
        if (!there.some(({ name: one }) => names.includes(one))) return true
        await ports.clock.sleep(deadlineMs, signal)
        return false
      },
      async forget(name_, { signal }) {
        for (const member of await members(alias, signal))
          if (member.name === name_) await disconnect(alias, member, signal)
      },
    }
  },
} as const satisfies ContainerRouterDriver

interface Written {
  readonly network: string
  readonly name?: string
}

/** A container of ours that is in the network. */
interface Member {
  readonly name: string
  readonly container: Inspected
  readonly isNamed: boolean
  readonly address: string
}

async function ours({ engine, scope }: Alias, signal: AbortSignal): Promise<readonly Inspected[]> {
  const listed = await listOurs({ engine, scope }, signal)
  const found = await Promise.all(listed.map(({ Id }) => inspectContainer({ engine }, Id, signal)))
  return found.filter((container) => container !== null)
}

async function members(alias: Alias, signal: AbortSignal): Promise<readonly Member[]> {
  return (await ours(alias, signal)).flatMap((container) => memberOf(alias, container) ?? [])
}

function memberOf({ network, name }: Alias, container: Inspected): Member | null {
  const there = container.NetworkSettings.Networks?.[network]
  if (there === undefined) return null
  const isNamed = there.Aliases?.includes(name) ?? false
  return { name: nameIn(container.Config), container, isNamed, address: there.IPAddress }
}

async function look(alias: Alias, signal: AbortSignal): ReturnType<Router['look']> {
  const trouble = (await findNetwork(alias, signal)) === null ? missing(alias).message : null
  const named = (await members(alias, signal)).filter(({ isNamed }) => isNamed)
  return { ends: named.map(({ name }) => ({ name, address: null, weight: 1 })), trouble }
}

async function route(alias: Alias, ends: readonly RouterEnd[], { signal }: OperationContext): Promise<void> {
  if (ends.length > 0 && (await findNetwork(alias, signal)) === null) throw missing(alias)
  const wanted = new Set(ends.map(({ name }) => name))
  const containers = await ours(alias, signal)
  // New ones are named before old ones lose the name: the other way round it would be nobody's for a moment.
  for (const container of containers.filter(({ Config }) => wanted.has(nameIn(Config)))) {
    const member = memberOf(alias, container)
    if (member?.isNamed === true) continue
    if (member !== null) await disconnect(alias, member, signal)
    await connect(alias, container, { Aliases: [alias.name] }, signal)
  }
  for (const container of containers.filter(({ Config }) => !wanted.has(nameIn(Config)))) {
    const member = memberOf(alias, container)
    if (member?.isNamed === true) await unname(alias, member, signal)
  }
}

/**
 * Out of the network, and in again at the same address: what is open goes on there. An engine gives an address that is asked
 * for only in a network whose subnet somebody has chosen; in any other the container stays out, and what is open hangs.
 */
async function unname(alias: Alias, member: Member, signal: AbortSignal): Promise<void> {
  const { container, address } = member
  await disconnect(alias, member, signal)
  if (!container.State.Running || address === '') return
  try {
    await connect(alias, container, { IPAMConfig: { IPv4Address: address } }, signal)
  } catch (error) {
    if (statusOf(error) === null) throw error
  }
}

async function connect(
  { engine, network }: Alias,
  { Id }: Inspected,
  EndpointConfig: {
    readonly Aliases?: readonly string[]
    readonly IPAMConfig?: { readonly IPv4Address: string }
  },
  signal: AbortSignal,
): Promise<void> {
  await engine.ask(
    {
      doing: `connect the container ${Id.slice(0, 12)} to the network ${network}`,
      method: 'POST',
      path: `/networks/${encodeURIComponent(network)}/connect`,
      body: { Container: Id, EndpointConfig },
    },
    signal,
  )
}

/** One that is not in it any more is no matter. */
async function disconnect({ engine, network }: Alias, member: Member, signal: AbortSignal): Promise<void> {
  const { Id } = member.container
  try {
    await engine.find(
      {
        doing: `disconnect the container ${Id.slice(0, 12)} from the network ${network}`,
        method: 'POST',
        path: `/networks/${encodeURIComponent(network)}/disconnect`,
        body: { Container: Id, Force: !member.container.State.Running },
      },
      signal,
    )
  } catch (error) {
    const status = statusOf(error)
    if (status === null || (status !== 403 && status < 500)) throw error
    const now = await inspectContainer({ engine }, Id, signal)
    if (now !== null && now.NetworkSettings.Networks?.[network] !== undefined) throw error
  }
}

function findNetwork({ engine, network }: Alias, signal: AbortSignal): Promise<object | null> {
  const question = {
    doing: `look at the network ${network}`,
    method: 'GET',
    path: `/networks/${encodeURIComponent(network)}`,
  } as const
  return engine.find<object>(question, signal)
}

function missing({ network }: Alias): DeployError {
  return new DeployError('TARGET_REFUSED', `There is no network ${network} on the engine.`, {
    hint: `Make it: docker network create --subnet 172.30.0.0/24 ${network}`,
  })
}
