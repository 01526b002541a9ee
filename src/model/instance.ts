/** One copy of a release on one host. Its name comes from its content, so that making it twice finds it made. */
import type { Release } from './release.js'

export interface Instance {
  readonly service: string
  /** The host it lives on; `local` is the machine deployctl runs on. */
  readonly host: string
  /** Given by the target from the release and the options that shape it: `1.4.2-9f2c41ab`. */
  readonly name: string
  /** Which of several copies on its host, from 1; null where a target runs one. */
  readonly slot: number | null
  readonly release: Release
  /** The digest of its InstanceSpec, under which a plan or state keeps it. */
  readonly specDigest: string
}

/** Names an instance within a plan; two specs of the same release on the same host differ in it. */
export type InstanceId = string

export function instanceId(instance: Instance): InstanceId {
  const spec = instance.specDigest.slice(instance.specDigest.indexOf(':') + 1).slice(0, 8)
  return `${instance.service}@${instance.host}/${copyName(instance)}#${spec}`
}

/** The name with the copy's number, unique among the instances of a service on one host: `1.4.2-9f2c41ab-2`. */
export function copyName({ name, slot }: Pick<Instance, 'name' | 'slot'>): string {
  return slot === null ? name : `${name}-${slot}`
}
