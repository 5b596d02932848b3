// Opens pages in headless Chromium and tells what a reader and axe-core find; see pages.py.
// node pages.mjs MODULES CHROMIUM PICTURES PAGE...   (PICTURES: a folder, or - for none)
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const [modules, chromium, pictures, ...pages] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "node_modules", "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [1280, 360];
const THEMES = ["light", "dark"];

// What is wider than the page, and not within something that scrolls.
const overflowing = () => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("main *")]
    .filter((one) => !one.closest(".wide") && one.getBoundingClientRect().right > width + 1)
    .map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""}`);
};

async function look(browser, path, width, theme) {
  const page = await browser.newPage();
  const requests = [];
  const errors = [];
  page.on("request", (one) => requests.push(one.url()));
  page.on("pageerror", (one) => errors.push(String(one)));
  page.on("console", (one) => ["error", "warn"].includes(one.type()) && errors.push(one.text()));
  await page.setViewport({ width, height: 800, deviceScaleFactor: width < 600 ? 2 : 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await page.goto(pathToFileURL(resolve(path)).href);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  const wide = await page.evaluate(overflowing);
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run());
  if (pictures !== "-") {
    const name = `${basename(path, ".html")}-${width}-${theme}.png`;
    await page.screenshot({ path: join(pictures, name), fullPage: true });
  }
  const told = (some) => some.map((one) => ({
    id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.map((node) => node.html.slice(0, 160)),
  }));
  await page.close();
  return {
    page: path, width, theme, errors, wide,
    requests: requests.filter((one) => !one.startsWith("file:") && !one.startsWith("data:")),
    violations: told(found.violations), unsure: told(found.incomplete), passes: found.passes.length,
    axe: found.testEngine.version,
  };
}

const browser = await puppeteer.launch({
  executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"],
});
const all = [];
for (const path of pages) {
  for (const width of WIDTHS) for (const theme of THEMES) all.push(await look(browser, path, width, theme));
  if (pictures !== "-") {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(resolve(path)).href);
    await page.pdf({ path: join(pictures, `${basename(path, ".html")}.pdf`), format: "A4" });
    await page.close();
  }
}
const version = await browser.version();
await browser.close();
console.log(JSON.stringify({ version, all }));
