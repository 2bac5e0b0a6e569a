/**
 * The command line. There is one class for each command, which parses its options, calls the classes that do the work,
 * and prints. Only this package names options, also in advice about errors. A mistake of the user gives one line on
 * standard error and exit status 2; see {@link daegpu.cli.ExitStatus}.
 */
package daegpu.cli;
