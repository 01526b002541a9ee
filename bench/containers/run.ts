/**
 * `npx tsx bench/containers/run.ts [DEPLOYMENTS]`: what deployments of a container lose under a steady load. The app ends at
 * once on SIGTERM; 100 requests a second, one in five over a fresh connection, one in twenty lasting 8 seconds.
 */
import { compare, tableOf } from './compare.js'
import { courseOf, type Contender } from './contender.js'
import { compose } from './peers/compose.js'
import { nginxReload } from './peers/nginx-reload.js'
import { nothing } from './peers/nothing.js'

const contenders: readonly Contender[] = [nothing, compose, nginxReload(0), nginxReload(10)]

const count = Number(process.argv[2] ?? 10)
const results = await compare(contenders, courseOf(count), (line) => console.error(line))
console.log(tableOf(results))
