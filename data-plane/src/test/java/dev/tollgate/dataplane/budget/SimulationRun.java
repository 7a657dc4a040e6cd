package dev.tollgate.dataplane.budget;

/**
 * Runs many seeds of the {@link Simulation}: {@code SimulationRun [count [first seed [mutant]]]},
 * from the test class path of this module. Ends with 1 at the first seed that fails, and prints it.
 */
public final class SimulationRun {

    private static final long COUNT = 1_000_000;

    private SimulationRun() {}

    public static void main(String[] args) {
        var count = args.length > 0 ? Long.parseLong(args[0]) : COUNT;
        var first = args.length > 1 ? Long.parseLong(args[1]) : 0;
        var mutant = args.length > 2 ? Mutant.valueOf(args[2]) : null;
        var began = System.nanoTime();
        for (var seed = first; seed < first + count; seed++) {
            try {
                Simulation.run(seed, mutant);
            } catch (Simulation.Broken e) {
                e.printStackTrace();
                System.exit(1);
            }
        }
        var seconds = (System.nanoTime() - began) / 1_000_000_000L;
        System.out.printf("%d seeds from %d held in %d s%n", count, first, seconds);
    }
}
