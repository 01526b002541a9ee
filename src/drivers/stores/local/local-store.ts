/**
 * The store that needs nothing but a folder: `.deployctl` beside deploy.yaml, private to its owner.
 *
 * This file only puts the parts together and turns names into paths; each part keeps one promise.
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import type { StateStore, StateStoreDriver } from '../../../model/state-store.js'
import { naming } from '../../system/file-error.js'
import { ifThere } from '../../system/if-there.js'
import { appendHistory, readHistory } from './history-file.js'
import { journalFolder } from './journal-folder.js'
import { lockFolder } from './lock-folder.js'
import { markFolder } from './mark-folder.js'
import { planKey } from './plan-key.js'
import { stateFile } from './state-file.js'

const defaultPath = '.deployctl'

export const localStore = {
  type: 'local',
  schema: {
    type: 'object',
    description: 'State in a folder of this machine.',
    additionalProperties: false,
    required: ['type'],
    properties: {
      type: { const: 'local', description: 'A folder on this machine.', examples: ['local'] },
      path: {
        type: 'string',
        minLength: 1,
        default: defaultPath,
        description:
          'The folder of state, locks, journals and history; a relative path starts at the folder of deploy.yaml.',
        examples: [defaultPath, '/var/lib/deployctl/shop'],
      },
    },
  },
  create(options, ports): StateStore {
    const root = resolve(
      ports.projectDirectory,
      typeof options['path'] === 'string' ? options['path'] : defaultPath,
    )
    const lockAt = (name: string, subject: string) =>
      lockFolder(join(root, 'locks', name), subject, ports.clock, ports.machine)
    const locks = (environment: string) => lockAt(nameOf(environment), environment)
    const writers = (environment: string) =>
      lockAt(`.${nameOf(environment)}.state`, `the state of ${environment}`)
    const states = (environment: string) =>
      stateFile(join(root, 'state', `${nameOf(environment)}.json`), environment, writers(environment))
    const journals = (environment: string) => journalFolder(join(root, 'journals', nameOf(environment)))
    const marks = (environment: string) => markFolder(join(root, 'marks', nameOf(environment)))
    const history = (environment: string) => join(root, 'history', `${nameOf(environment)}.jsonl`)
    return {
      environments: async () => recordedEnvironments(join(root, 'state'), join(root, 'journals')),
      read: async (environment) => states(environment).read(),
      writeIf: async (expectedSerial, next) => states(next.environment).writeIf(expectedSerial, next),
      lock: async (environment, request, signal) => locks(environment).take(request, signal),
      lockHolder: async (environment) => locks(environment).holder(),
      breakLock: async (environment, id) => locks(environment).break(id),
      createJournal: async (header) => journals(header.plan.environment).create(header),
      reopenJournal: async (environment, deployment) => journals(environment).reopen(deployment),
      readJournal: async (environment, deployment) => journals(environment).read(deployment),
      unfinished: async (environment) => journals(environment).unfinished(),
      appendHistory: async (record) => appendHistory(history(record.environment), record),
      readHistory: async (environment, limit) => readHistory(history(environment), limit),
      leaveMark: async (environment, mark) => marks(environment).leave(mark),
      readMarks: async (environment) => marks(environment).readAll(),
      removeMark: async (environment, mark) => marks(environment).remove(mark),
      planKey: async () => planKey(join(root, 'plan.key')),
    }
  },
} as const satisfies StateStoreDriver

/** By the names of their files; a state that is lost but for its backup counts, so that somebody notices. */
async function recordedEnvironments(states: string, journals: string): Promise<readonly string[]> {
  const namesIn = async (folder: string) =>
    (await naming('list', folder, () => ifThere(readdir(folder)))) ?? []
  const ofStates = (await namesIn(states)).flatMap(
    (name) => /^(.+)\.json(?:\.backup)?$/.exec(name)?.[1] ?? [],
  )
  const names = new Set([...ofStates, ...(await namesIn(journals))])
  return [...names].filter((name) => environmentName.test(name)).sort()
}

const environmentName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/

/** The environment as part of a path, which it must not leave. */
function nameOf(environment: string): string {
  if (environmentName.test(environment)) return environment
  throw new DeployError('USAGE', `"${environment}" cannot be the name of an environment`, {
    hint: 'Use letters, digits, dots, dashes and underscores.',
  })
}
