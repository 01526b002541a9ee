/** The engine's own forms for what a container is made of, as far as they are used here: sent to it, and reported by it. */

type Texts = { readonly [name: string]: string }

export interface HostConfig {
  readonly NetworkMode?: string
  readonly PortBindings?: {
    readonly [port: string]: readonly { HostIp: string; HostPort: string }[] | null
  } | null
  readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount?: number } | null
  readonly Mounts?:
    | readonly {
        readonly Type: string
        readonly Source: string
        readonly Target: string
        readonly ReadOnly?: boolean
      }[]
    | null
  readonly Memory?: number
  readonly NanoCpus?: number
  readonly PidsLimit?: number | null
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[] | null
  readonly ReadonlyRootfs?: boolean
  readonly CapAdd?: readonly string[] | null
  readonly CapDrop?: readonly string[] | null
  readonly SecurityOpt?: readonly string[] | null
  readonly LogConfig?: { readonly Type: string; readonly Config: Texts }
  readonly Init?: boolean | null
}
export interface Config {
  readonly Image: string
  readonly Labels: Texts
  readonly Env?: readonly string[]
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | string | null
  readonly User?: string
  readonly WorkingDir?: string
  readonly StopSignal?: string
  readonly StopTimeout?: number
  readonly Healthcheck?: object
  readonly ExposedPorts?: { readonly [port: string]: object }
}
export interface CreateBody extends Config {
  readonly HostConfig: HostConfig
}
