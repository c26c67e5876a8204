// Loaded before docket where a test asks how much memory a run took: says so at its end. Never loaded by the product.
process.on('exit', () => process.stderr.write(`\nmaxRSS ${process.resourceUsage().maxRSS} KiB\n`));
