/** Every driver's own fragment, from the catalogs. The one place that sees drivers, strategies and config at once. */
import { checkDrivers } from '../../src/drivers/checks/catalog.js'
import { leaseDrivers } from '../../src/drivers/leases/catalog.js'
import { notifierDrivers } from '../../src/drivers/notifiers/catalog.js'
import { secretDrivers } from '../../src/drivers/secrets/catalog.js'
import { sourceDrivers } from '../../src/drivers/sources/catalog.js'
import { stateStoreDrivers } from '../../src/drivers/stores/catalog.js'
import { targetDrivers } from '../../src/drivers/targets/catalog.js'
import { strategySchemas } from '../../src/plan/strategies/catalog.js'
import type { JsonSchema } from '../../src/model/schema.js'
import type { Fragments, FragmentsByType } from './assemble.js'

export const fragments: Fragments = {
  sources: schemasOf(sourceDrivers),
  targets: schemasOf(targetDrivers),
  strategies: strategySchemas,
  checks: schemasOf(checkDrivers),
  notifiers: schemasOf(notifierDrivers),
  stores: schemasOf(stateStoreDrivers),
  secrets: schemasOf(secretDrivers),
  leases: schemasOf(leaseDrivers),
}

function schemasOf(drivers: { readonly [type: string]: { readonly schema: JsonSchema } }): FragmentsByType {
  return Object.fromEntries(Object.entries(drivers).map(([type, driver]) => [type, driver.schema]))
}
