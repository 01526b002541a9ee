/**
 * `npx tsx bench/containers/run.ts [DEPLOYMENTS [CONTENDER]]`, after `npm run build`: what deployments of a container lose under a steady load. The app ends at
 * once on SIGTERM; 100 requests a second, one in five over a fresh connection, one in twenty lasting 8 seconds.
 */
import { claimsText, measureClaims } from './claims.js'
import { compare, tableOf } from './compare.js'
import { courseOf, type Contender } from './contender.js'
import { startGround } from './ground.js'
import { compose } from './peers/compose.js'
import { deployAndRollBack, deployctl } from './peers/deployctl.js'
import { nginxReload } from './peers/nginx-reload.js'
import { nothing } from './peers/nothing.js'

const contenders: readonly Contender[] = [
  nothing,
  compose,
  nginxReload(0),
  nginxReload(10),
  deployctl('rolling'),
  deployctl('blue-green'),
  deployctl('canary'),
  deployAndRollBack,
]

const count = Number(process.argv[2] ?? 10)
const chosen = contenders.filter(({ name }) => name.includes(process.argv[3] ?? ''))
const tell = (line: string): void => console.error(line)
const ground = await startGround()
try {
  console.log(tableOf(await compare(ground, chosen, courseOf(count), tell)))
  tell('canary and rollback …')
  console.log(`\n${claimsText(await measureClaims(ground))}`)
} finally {
  await ground.stop()
}
