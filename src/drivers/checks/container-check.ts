/** The check `container`: what the engine says of the container itself, by the HEALTHCHECK of its image or of deploy.yaml. */
import type { HealthCheck, HealthCheckDriver } from '../../model/health-check.js'
import { DeployError } from '../../base/deploy-error.js'
import { healthy, unhealthy } from './answer.js'

export const containerCheck = {
  type: 'container',
  schema: {
    type: 'object',
    description: 'Healthy when the engine calls the container healthy; without a HEALTHCHECK, when it runs.',
    properties: {
      type: { const: 'container', description: 'The kind of check.', examples: ['container'] },
    },
    required: ['type'],
    additionalProperties: false,
  },
  create(): HealthCheck {
    return {
      async probe({ reach }) {
        await Promise.resolve()
        if (reach === null) {
          throw new DeployError('CONFIG_INVALID', 'The check container needs a target of containers.', {
            hint: 'Use http, tcp, process or command for this service.',
          })
        }
        if (reach.ended !== null) return unhealthy(reach.ended)
        if (reach.health === 'none') return healthy('the container runs (it has no HEALTHCHECK)')
        const word = `the engine calls the container ${reach.health}`
        return reach.health === 'healthy' ? healthy(word) : unhealthy(word)
      },
    }
  },
} as const satisfies HealthCheckDriver
