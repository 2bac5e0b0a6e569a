/**
 * The command line: one class a command, which parses its options, calls what does the work, and prints. Options, their
 * names and what to do about an error in terms of them are found here only. A mistake of the user is one line on
 * standard error and exit status 2; see {@link daegpu.cli.ExitStatus}.
 */
package daegpu.cli;
