/** The contract of a router: what sends the traffic of one service on one host to its instances. */
import type { DriverSpec } from './spec.js'
import type { JsonSchema } from './schema.js'
import type { OperationContext, TargetScope } from './target.js'
import type { Ports } from './ports.js'

/** An instance as a router knows it. */
export interface RouterEnd {
  /** Unique among the instances of the service: `1.4.2-9f2c41ab-2`. */
  readonly name: string
  readonly address: { readonly host: string; readonly port: number }
  readonly weight: number
}

/** An end as it is found; its address is null where a router sends traffic by name and knows none. */
export type SeenEnd = Omit<RouterEnd, 'address'> & { readonly address: RouterEnd['address'] | null }

/** What the router does now. */
export interface RouterView {
  readonly ends: readonly SeenEnd[]
  /** Null when it works; else what is wrong, in a sentence: `HAProxy does not answer at /run/haproxy.sock`. */
  readonly trouble: string | null
}

export interface Router {
  /** Which router it is: two sets of options with the same place speak to the same one. */
  readonly place: string
  /** A network of the engine that it alone connects instances to, where it works by one. */
  readonly network?: string
  look(signal: AbortSignal): Promise<RouterView>
  /**
   * Sends traffic to `ends` and nowhere else, by their weights: new ones are taken in before old ones lose theirs, and it
   * resolves when the router says so. Repeating it changes nothing. Those that lost their traffic keep what they have open.
   */
  route(ends: readonly RouterEnd[], context: OperationContext): Promise<void>
  /** Waits until the instances named have nothing open, or the deadline has passed; true when idle. */
  drain(names: readonly string[], deadlineMs: number, context: OperationContext): Promise<boolean>
  /** Takes the instance out for good, before it stops and its address may become another's. */
  forget(name: string, context: OperationContext): Promise<void>
  /** The service has gone: ends what runs for it alone, where there is such a thing. One with traffic is left as it is. */
  end?(context: OperationContext): Promise<void>
}

export interface RouterTraits {
  readonly type: string
  readonly schema: JsonSchema
  /** Whether it can give instances unequal parts of the traffic. */
  readonly weights: boolean
}

export interface RouterDriver extends RouterTraits {
  create(options: DriverSpec, scope: TargetScope, ports: Ports): Router
}
