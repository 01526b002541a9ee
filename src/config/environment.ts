/** Which environment is meant, and whether there is such a one. */
import type { Json } from '../base/hash.js'
import { didYouMean } from '../base/nearest.js'
import { showValue } from './expectation.js'
import type { Finding } from './finding.js'
import { namePattern, namesInWords } from './name-patterns.js'
import { childOf, isMap, textAt, type JsonMap } from './tree.js'

/** The environment of a file that declares none. */
const onlyEnvironment = 'default'

export interface EnvironmentChoice {
  readonly name: string
  /** What it has that is different. */
  readonly overrides: JsonMap
}

/** The names that are declared, in the order of the file. */
export function environmentNames(document: JsonMap): readonly string[] {
  const declared = childOf(document, 'environments')
  if (!isMap(declared)) return [onlyEnvironment]
  const names = Object.keys(declared).filter((name) => !name.startsWith('x-'))
  return names.length === 0 ? [onlyEnvironment] : names
}

export function chooseEnvironment(
  document: JsonMap,
  asked: string | null,
): EnvironmentChoice | readonly Finding[] {
  const findings = shapeFindings(document)
  if (findings.length > 0) return findings
  const names = environmentNames(document)
  const chosen =
    asked ?? textAt(document, 'defaultEnvironment') ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined) {
    const message = `which environment? There are ${names.join(', ')}, and no defaultEnvironment`
    return [
      {
        path: ['environments'],
        at: 'key',
        message,
        hint: 'Choose one with --env NAME, or write defaultEnvironment: NAME.',
      },
    ]
  }
  if (!names.includes(chosen)) return [unknownEnvironment(document, asked, chosen, names)]
  const overrides = childOf(childOf(document, 'environments'), chosen)
  return { name: chosen, overrides: isMap(overrides) ? overrides : {} }
}

function unknownEnvironment(
  document: JsonMap,
  asked: string | null,
  chosen: string,
  names: readonly string[],
): Finding {
  const hint =
    didYouMean(chosen, names).trim() || `There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`
  if (asked === null) {
    const message = `defaultEnvironment: there is no environment "${chosen}"`
    return { path: ['defaultEnvironment'], at: 'value', message, hint }
  }
  const none = childOf(document, 'environments') === undefined
  const message = none
    ? `there is no environment "${chosen}": the file declares none, and is the environment "${onlyEnvironment}" as it is`
    : `there is no environment "${chosen}"`
  return { path: none ? [] : ['environments'], at: 'key', message, hint }
}

/** The two keys that are read before there is anything to validate. */
function shapeFindings(document: JsonMap): readonly Finding[] {
  const { defaultEnvironment = null, environments = null } = document
  const findings: Finding[] = []
  if (defaultEnvironment !== null && typeof defaultEnvironment !== 'string') {
    findings.push(expected(['defaultEnvironment'], 'the name of an environment', defaultEnvironment))
  }
  if (environments === null) return findings
  if (!isMap(environments))
    return [...findings, expected(['environments'], 'a map of environments', environments)]
  for (const [name, value] of Object.entries(environments)) {
    if (name.startsWith('x-')) continue
    if (!new RegExp(namePattern).test(name)) {
      const message = `environments has "${name}", which must be ${namesInWords[namePattern] ?? ''}`
      findings.push({ path: ['environments', name], at: 'key', message })
    }
    if (value !== null && !isMap(value))
      findings.push(expected(['environments', name], 'a map of overrides', value))
    for (const key of isMap(value) ? fixedKeys.filter((fixed) => fixed in value) : []) {
      const message = `environments.${name}: "${key}" is the same in every environment`
      findings.push({
        path: ['environments', name, key],
        at: 'key',
        message,
        hint: 'Write it at the top of the file.',
      })
    }
  }
  return findings
}

const fixedKeys = ['version', 'project', 'defaultEnvironment', 'environments']

function expected(path: readonly string[], what: string, value: Json): Finding {
  return { path, at: 'value', message: `${path.join('.')} must be ${what}, not ${showValue(value)}` }
}
