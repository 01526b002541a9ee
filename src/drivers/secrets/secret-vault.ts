/**
 * The one place that holds secrets' values, in memory and only once they were asked for.
 *
 * Everything that leaves the process goes through `mask`; what was never revealed cannot leak and costs nothing.
 */
import { DeployError } from '../../base/deploy-error.js'
import type { Config } from '../../model/config.js'
import type { SecretPorts, SecretProviderDriver } from '../../model/secret-provider.js'
import { secretNames, type Secrets } from '../../model/secrets.js'
import { envSecret } from './env-secret.js'
import { secretPatterns } from './secret-patterns.js'

export function createSecrets(
  declared: Config['secrets'],
  drivers: { readonly [type: string]: SecretProviderDriver },
  ports: SecretPorts,
): Secrets {
  const values = new Map<string, Promise<string>>()
  const revealed = new Set<string>()
  let patterns: readonly RegExp[] = []

  /** Asked once for each name; a failure is not kept, so that a later try may succeed. */
  function valueOf(name: string, signal: AbortSignal): Promise<string> {
    const known = values.get(name)
    if (known !== undefined) return known
    const asked = lookUp(name, signal).then(
      (value) => {
        remember(value)
        return value
      },
      (error: unknown) => {
        values.delete(name)
        throw error
      },
    )
    values.set(name, asked)
    return asked
  }

  function lookUp(name: string, signal: AbortSignal): Promise<string> {
    const options = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (options === undefined) return envSecret.lookUp(name, { type: 'env' }, ports)
    const driver = Object.hasOwn(drivers, options.type) ? drivers[options.type] : undefined
    if (driver !== undefined) return driver.lookUp(name, options, ports, signal)
    const known = Object.keys(drivers).join(', ')
    throw new DeployError('CONFIG_INVALID', `the secret ${name} has the unknown type "${options.type}"`, {
      hint: `Known types: ${known}.`,
    })
  }

  function remember(value: string): void {
    if (revealed.has(value)) return
    revealed.add(value)
    patterns = [...patterns, ...secretPatterns(value)]
  }

  const mask = (text: string): string => (patterns.length === 0 ? text : maskText(text, patterns))

  return {
    async reveal(text, signal = new AbortController().signal) {
      const found = new Map<string, string>()
      for (const name of new Set(secretNames(text))) found.set(name, await valueOf(name, signal))
      return text.replace(
        /(\$?)\$\{secret\.([A-Za-z_][A-Za-z0-9_-]*)\}/g,
        (whole, escape: string, name: string) =>
          escape === '' ? (found.get(name) ?? whole) : whole.slice(1),
      )
    },
    mask,
    maskAll: (data) => (patterns.length === 0 ? data : maskData(data, mask)),
  }
}

const asterisks = '***'

/**
 * Everything that any pattern matches is covered first and replaced then, so that secrets which overlap, or hold one
 * another, leave no end uncovered. Repeated until nothing matches any more: what was left may have come together.
 */
function maskText(text: string, patterns: readonly RegExp[]): string {
  let masked = text
  for (let round = 0; round < 10; round++) {
    const next = coverOnce(masked, patterns)
    if (next === masked) break
    masked = next
  }
  return masked
}

function coverOnce(text: string, patterns: readonly RegExp[]): string {
  const spans: { readonly start: number; readonly end: number }[] = []
  for (const pattern of patterns) {
    pattern.lastIndex = 0
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      spans.push({ start: match.index, end: match.index + match[0].length })
      pattern.lastIndex = match.index + 1 // a secret may overlap itself
    }
  }
  if (spans.length === 0) return text
  spans.sort((a, b) => a.start - b.start)
  let masked = ''
  let at = 0
  for (let index = 0; index < spans.length;) {
    const start = spans[index]?.start ?? 0
    let end = start
    for (
      let span = spans[index];
      span !== undefined && span.start <= Math.max(end, start);
      span = spans[++index]
    ) {
      end = Math.max(end, span.end)
    }
    masked += text.slice(at, start) + asterisks
    at = end
  }
  return masked + text.slice(at)
}

/** The same shape with every string masked; the names of keys are not data. */
function maskData<T>(data: T, mask: (text: string) => string): T {
  return maskValue(data, mask) as T // maskValue keeps the shape of whatever it is given
}

function maskValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value)
  if (Array.isArray(value)) return value.map((item: unknown) => maskValue(item, mask))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskValue(item, mask)]))
}
