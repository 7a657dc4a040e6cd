package dev.tollgate.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The accounts of Budgets: shows them, and gives back what a lost proxy holds. */
@Command(
        name = "ledger",
        description = "Show the accounts of Budgets, and give back what a lost proxy holds of one.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {LedgerShow.class, LedgerReclaim.class})
final class LedgerCommand extends TollgateCommand {

    @Override
    int run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
