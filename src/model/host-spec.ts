/** Who a host is and where: plain data, which plans and records hold. What reaches it is in host.ts. */

/** How a host is written in deploy.yaml, with everything resolved. What is null is left to the user's ssh_config. */
export interface HostAddress {
  /** As plans, states and messages name it. */
  readonly name: string
  /** A name or an address, or an alias of the ssh_config. */
  readonly address: string
  readonly user: string | null
  readonly port: number | null
}

/** A host as deploy.yaml or an inventory has it. */
export interface HostSpec extends HostAddress {
  readonly labels: { readonly [label: string]: string }
  /** In the environment of every command that runs there. */
  readonly variables: { readonly [name: string]: string }
}

/** The name of the machine deployctl runs on; no host of deploy.yaml may have it. */
export const localHost = 'local'

/** That machine, where a host is asked for. */
export const thisHost: HostSpec = {
  name: localHost,
  address: '127.0.0.1',
  user: null,
  port: null,
  labels: {},
  variables: {},
}

/** Which hosts a person means. */
export interface HostSelection {
  /** Names of hosts; none means all. */
  readonly hosts: readonly string[]
  /** Groups, names (with `*`) or labels (`zone=a`); a host that fits any of them stays. None means all. */
  readonly limit: readonly string[]
}
