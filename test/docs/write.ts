import { writeFileSync } from "node:fs"
import { cliPage, cliPageFile } from "./cli-page.ts"
import { pageFile, validationPage } from "./validation-page.ts"

writeFileSync(pageFile, await validationPage())
writeFileSync(cliPageFile, cliPage())
