/** The least that an HAProxy of the user's own needs to be a router of deployctl, with why for each line. Pure. */

export interface HaproxyStart {
  readonly service: string
  /** As HAProxy binds: `:80`, `127.0.0.1:8080`. */
  readonly bind: string
  /** Absolute. */
  readonly socket: string
}

/** Room for instances, old ones that still drain included. */
const slots = 16

export function haproxyText({ service, bind, socket }: HaproxyStart): string {
  return `global
  # deployctl speaks to it here; expose-fd lets a reload take over the listening sockets
  stats socket ${quoted(socket)} mode 660 level admin expose-fd listeners
  stats timeout 1m

defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  # of WebSockets
  timeout tunnel 1h
  # a reload breaks no kept connection
  option idle-close-on-response
  option forwardfor
  retries 3
  option redispatch

frontend in
  bind ${bind}
  default_backend ${service}

# deployctl sets addresses, weights and states of these servers, and of no others.
backend ${service}
  balance roundrobin
${Array.from({ length: slots }, (_, at) => `  server slot${at + 1} 0.0.0.0:1 disabled`).join('\n')}
`
}

/** What goes into deploy.yaml for it. */
export function haproxyRouter({ service, socket }: HaproxyStart, config: string): string {
  return `router: { type: haproxy, socket: ${socket}, backend: ${service}, config: ${config} }`
}

/** Spaces and the like mean something to HAProxy. */
function quoted(path: string): string {
  return /^[^\s"'\\#$]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
