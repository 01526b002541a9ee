/** The check `tcp`: something accepts connections on a port. It says nothing and reads nothing. */
import { connect } from 'node:net'
import { DeployError } from '../../base/deploy-error.js'
import type { DriverSpec } from '../../model/spec.js'
import type { HealthCheck, HealthCheckDriver, ProbeAnswer } from '../../model/health-check.js'
import type { Ports } from '../../model/ports.js'
import { connectionTrouble } from './connection-trouble.js'
import { isElsewhere } from './ask-host.js'
import { atSchema, type At } from './at.js'
import { connectThere } from './connect-there.js'
import { healthy, probeUntilAborted, unhealthy } from './answer.js'

interface TcpOptions {
  readonly host?: string
  readonly port?: number
  readonly at?: At
}

export const tcpCheck = {
  type: 'tcp',
  schema: {
    type: 'object',
    description: 'Healthy when a TCP connection to the port is accepted.',
    properties: {
      type: { const: 'tcp', description: 'The kind of check.', examples: ['tcp'] },
      host: {
        type: 'string',
        minLength: 1,
        description:
          'Name or address to connect to, IPv6 included. Without it, the instance itself where the target runs instances, else the host of the service.',
        examples: ['127.0.0.1', '::1', 'db.shop.test'],
      },
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65535,
        description: 'Port to connect to. Without it, that of the instance.',
        examples: [5432],
      },
      at: atSchema(
        'From where: the host of the service, or the machine that deployctl runs on, which then connects to the address of the host.',
      ),
    },
    required: ['type'],
    additionalProperties: false,
  },
  create(spec: DriverSpec, ports: Ports): HealthCheck {
    const options = spec as unknown as TcpOptions // the schema above admits nothing else
    return {
      async probe(at, signal) {
        const { reach, hostAddress } = at
        const port = options.port ?? reach?.address?.port
        if (port === undefined) return noPort(reach === null)
        const isBeyond = reach?.tunnel !== undefined && options.host === undefined
        const fromThere = isElsewhere(at) && (isBeyond || (reach === null && options.at !== 'controller'))
        if (isBeyond && !fromThere) throw beyondSsh()
        const ours = fromThere ? '127.0.0.1' : hostAddress
        const host = (options.host ?? reach?.address?.host ?? ours).replace(/^\[(.*)\]$/, '$1')
        const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
        if (fromThere) return connectThere(host, port, place, at, signal)
        return probeUntilAborted(
          ports.clock,
          signal,
          (waited) =>
            `no connection to ${place} within ${waited}: is the host down, or a firewall in between?`,
          () => tryToConnect(host, port, place, signal),
        )
      },
    }
  },
} as const satisfies HealthCheckDriver

function beyondSsh(): DeployError {
  return new DeployError('CONFIG_INVALID', 'A tcp check cannot see containers of an engine behind ssh://.', {
    hint: 'Use a check of type http, command or container; or write the host below hosts: and let the target have hosts:.',
  })
}

function noPort(never: boolean): ProbeAnswer {
  if (!never) return unhealthy('it has no address yet')
  throw new DeployError('CONFIG_INVALID', 'A tcp check without a port needs a target that runs instances.', {
    hint: 'Write the port.',
  })
}

function tryToConnect(host: string, port: number, place: string, signal: AbortSignal): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    const end = (answer: ProbeAnswer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(healthy(`${place} accepts connections`)))
    // Not `once`: destroying an aborted socket may report a second error, which nobody needs.
    socket.on('error', (error) => end(unhealthy(connectionTrouble(error, place))))
  })
}
