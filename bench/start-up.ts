/** What a start costs beside `node -e 0`: help, version, and a plan of a small project with nothing to do. */
import { measureInTurns, ourCommand, ratioRow, run, type Row } from './measure.js'
import { inTemporaryFolder, writeProject } from './projects.js'

export function benchStartUp(): Promise<readonly Row[]> {
  return inTemporaryFolder((folder) => {
    writeProject(folder, 3)
    run(ourCommand(['apply', '--auto-approve'], folder))
    const node = { program: process.execPath, words: ['-e', '0'], directory: folder }
    const commands = [['version'], ['--help'], ['plan']].map((words) => ourCommand(words, folder))
    const [base, version, help, plan] = measureInTurns([node, ...commands], 25, 3)
    if (base === undefined || version === undefined || help === undefined || plan === undefined) return []
    return [
      ratioRow('deployctl version', version, base, 'node -e 0', 1.2),
      ratioRow('deployctl --help', help, base, 'node -e 0', 1.2),
      ratioRow('plan, 3 services, nothing to do', plan, base, 'node -e 0', 1.6),
    ]
  })
}
