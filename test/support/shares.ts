/** One instance, or none, in the shapes that targets take: an end of a route, and what is recorded. */
import type { Instance } from '../../src/model/instance.js'
import type { RecordedInstances, RoutedShare, TargetScope } from '../../src/model/target.js'

export const testScope: TargetScope = {
  project: 'shop',
  environment: 'staging',
  service: 'api',
  host: 'local',
  link: null,
  linkAs: () => {
    throw new Error('unused')
  },
  linkTo: () => {
    throw new Error('unused')
  },
}

export function shareOf(instance: Instance | null): readonly RoutedShare[] {
  return instance === null ? [] : [{ instance, weight: 1 }]
}

export function activeOf(instance: Instance | null): RecordedInstances {
  return { active: instance === null ? [] : [instance], previous: [] }
}
