// The test command behind `npm test`: starts the services of the table, runs vitest with their addresses in the
// environment, ends what it started, and closes with one line: `N passed, N failed, N skipped`.
//
//   npm test                           everything
//   npm test -- test/e2e/kill.test.ts  arguments go to vitest
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { services, variableOf } from './table.mjs'

const root = join(import.meta.dirname, '..', '..')
const place = mkdtempSync(join(tmpdir(), 'deployctl-services-'))
const started = []
let vitest
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true
    vitest?.kill('SIGTERM')
  })
}

let counts = { passed: 0, failed: 1, skipped: 0 }
try {
  const env = await startServices()
  if (!interrupted) counts = await runTests(env)
} catch (error) {
  console.error(error)
} finally {
  await Promise.all(started.map((service) => service.stop().catch((error) => console.error(error.message))))
  rmSync(place, { recursive: true, force: true })
}
console.log(
  `${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
)
process.exitCode = counts.failed > 0 || interrupted ? 1 : 0

/** Starts what can be started, side by side; a service that cannot be had becomes a reason that its tests show. */
async function startServices() {
  const env = {}
  await Promise.all(
    services.map(async (service) => {
      const begun = Date.now()
      try {
        const running = await service.start(place)
        if (running.stop !== undefined) started.push(running)
        env[variableOf(service.name)] = running.address
        console.log(
          `service ${service.name.padEnd(15)} ready in ${((Date.now() - begun) / 1000).toFixed(1)}s`,
        )
      } catch (error) {
        env[`${variableOf(service.name)}_MISSING`] = `${error.message}; ${service.howTo}`
        console.log(`service ${service.name.padEnd(15)} missing: ${error.message}; ${service.howTo}`)
      }
    }),
  )
  return env
}

/** Runs vitest to its end and counts from its report, so that a crash of the runner is a failure too. */
async function runTests(env) {
  const report = join(place, 'report.json')
  const binary = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  vitest = spawn(process.execPath, [binary, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exitCode = await new Promise((done) => vitest.once('close', done))
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const tests = testResults.flatMap((file) => file.assertionResults)
  const count = (...statuses) => tests.filter((test) => statuses.includes(test.status)).length
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  for (const file of testResults) {
    for (const test of file.assertionResults) {
      if (['skipped', 'pending', 'todo'].includes(test.status) && !narrowed()) {
        console.log(`skipped: ${relative(root, file.name)}: ${test.fullName}`)
      }
    }
  }
  const failed = count('failed') + broken.length
  return {
    passed: count('passed'),
    failed: exitCode === 0 ? failed : Math.max(1, failed),
    skipped: count('skipped', 'pending', 'todo'),
  }
}

/** With `-t` vitest reports everything else as skipped: not worth a line each. */
function narrowed() {
  return process.argv.some((argument) => argument === '-t' || argument.startsWith('--testNamePattern'))
}
