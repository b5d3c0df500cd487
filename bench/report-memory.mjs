// Loaded before a measured program: leaves the most memory that it has used, in KiB.
import { writeFileSync } from 'node:fs'

process.on('exit', () => writeFileSync(process.env.BENCH_MEMORY_FILE, String(process.resourceUsage().maxRSS)))
