/** What must not be started, found before anything is touched: networks, files and images that cannot be there later. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Release } from '../../../model/release.js'
import { imageOf } from './image.js'
import type { Place } from './place.js'
import { variablesOf } from './variables.js'

/** What sends traffic to addresses must see them. */
export async function refuseFarRouter({ router, engine }: Place): Promise<void> {
  if (router === null || router.network !== undefined) return
  const { kind, where } = await engine.address()
  if (kind !== 'ssh') return
  throw new DeployError(
    'CONFIG_INVALID',
    `The router would be on this machine, from where the containers at ${where} cannot be seen.`,
    { hint: 'Run deployctl on the host itself, or leave router: out and let a proxy there find them.' },
  )
}

export async function refuseUnfit(
  place: Place,
  incoming: readonly Release[],
  signal: AbortSignal,
): Promise<void> {
  await refuseFarRouter(place)
  const { engine, options, router } = place
  for (const release of incoming) imageOf(options.image, release)
  if (incoming.length > 0) await variablesOf(place, signal)
  const ofRouter = router?.network === undefined ? [] : [router.network]
  for (const network of [...options.networks, ...ofRouter]) {
    const question = {
      doing: `look at the network ${network}`,
      method: 'GET',
      path: `/networks/${encodeURIComponent(network)}`,
    } as const
    if ((await engine.find(question, signal)) !== null) continue
    const says = `There is no network ${network} on the engine at ${(await engine.address()).where}.`
    throw new DeployError('TARGET_REFUSED', says, {
      hint: `Make it (docker network create ${network}), or correct networks:.`,
    })
  }
}
