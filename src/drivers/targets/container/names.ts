/** What our things on an engine are called, and the labels that make them ours. Pure: names come from content alone. */
import { digestOf, shortDigest } from '../../../base/hash.js'
import { copyName, type Instance } from '../../../model/instance.js'
import type { TargetScope } from '../../../model/target.js'

export const labels = {
  project: 'deployctl.project',
  environment: 'deployctl.environment',
  service: 'deployctl.service',
  /** As `copyName` says it. */
  instance: 'deployctl.instance',
  /** The instance's name without the number of the copy: that of its staged release. */
  name: 'deployctl.name',
  release: 'deployctl.release',
  digest: 'deployctl.digest',
  /** The digest of everything the container is made of, without the values of secrets. */
  spec: 'deployctl.spec',
  /** What it was made with, for comparing it with what it is: no values of variables, no secrets. */
  made: 'deployctl.made',
} as const

/** What every thing of ours carries, to be found by. */
export function scopeLabels(scope: TargetScope): { readonly [label: string]: string } {
  return {
    [labels.project]: scope.project,
    [labels.environment]: scope.environment,
    [labels.service]: scope.service,
  }
}

export function labelFilters(wanted: { readonly [label: string]: string }): string {
  return JSON.stringify({ label: Object.entries(wanted).map(([name, value]) => `${name}=${value}`) })
}

export function containerName(scope: TargetScope, instance: Pick<Instance, 'name' | 'slot'>): string {
  return `${prefixOf(scope)}-${plain(copyName(instance))}`
}

/** The image as we tagged it; nobody else's tags begin so. */
export function imageTag(scope: TargetScope, name: string): string {
  return `${imageRepository(scope)}:${plain(name).slice(0, 128)}`
}

export function imageRepository(scope: TargetScope): string {
  return `deployctl/${prefixOf(scope).toLowerCase()}`
}

function prefixOf({ project, environment, service }: TargetScope): string {
  return [project, environment, service].map((part) => plain(part).replace(/[-._]+$/, '')).join('-')
}

/** What an engine takes in a name. Where a character had to go, a few digits keep two texts from becoming one. */
function plain(text: string): string {
  const kept = text.replace(/[^A-Za-z0-9_.-]/g, '-')
  return kept === text ? kept : `${kept}-${shortDigest(digestOf(text)).slice(0, 4)}`
}
