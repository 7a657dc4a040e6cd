package dev.tollgate.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every subcommand shares: help, version, {@code --print-settings}. */
abstract class TollgateCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Option(
            names = "--print-settings",
            description =
                    "Print every setting and where it came from (flag, environment, default), and end.")
    boolean printSettings;

    @Override
    public final Integer call() throws Exception {
        if (printSettings) {
            new Settings(System.getenv())
                    .print(spec, spec.commandLine().getParseResult(), spec.commandLine().getOut());
            return ExitCode.OK;
        }
        return run();
    }

    /** Does what the command is for and returns its exit code. */
    abstract int run() throws Exception;

    /** The root command. */
    @Command(
            name = "tollgate",
            description = "A gateway for large language models with hard budgets.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            synopsisSubcommandLabel = "COMMAND")
    static final class Root implements Runnable {
        @Spec
        @SuppressWarnings("NullAway.Init")
        CommandSpec spec;

        @Override
        public void run() {
            throw new picocli.CommandLine.ParameterException(
                    spec.commandLine(), "a command is missing");
        }
    }
}
