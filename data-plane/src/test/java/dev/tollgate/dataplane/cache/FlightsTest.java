package dev.tollgate.dataplane.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FlightsTest {

    private static final CacheKey KEY = new CacheKey("team-a", 1, 2, 3, 4);
    private final Flights flights = new Flights();
    private final List<Flights.Landing> heard = new CopyOnWriteArrayList<>();

    private Flights.Flight first() {
        return ((Flights.Place.First) flights.join(KEY, heard::add)).flight();
    }

    @Test
    void theFirstFliesAndTheOthersHearHowItLandsOnce() {
        var flight = first();
        for (int i = 0; i < 3; i++) {
            assertThat(flights.join(KEY, heard::add)).isInstanceOf(Flights.Place.Behind.class);
        }
        assertThat(flights.join(new CacheKey("team-a", 4, 3, 2, 1), heard::add))
                .isInstanceOf(Flights.Place.First.class);
        flight.land(new Flights.Landing.Alone());
        flight.land(new Flights.Landing.Again());
        assertThat(heard).hasSize(3).containsOnly(new Flights.Landing.Alone());
        assertThat(first()).isNotSameAs(flight);
    }

    @Test
    void whoLeavesHearsNothing() {
        var flight = first();
        var seat = ((Flights.Place.Behind) flights.join(KEY, heard::add)).seat();
        flights.join(KEY, heard::add);
        seat.leave();
        flight.land(new Flights.Landing.Again());
        assertThat(heard).hasSize(1);
        assertThat(flights.open()).isZero();
    }

    @Test
    void onlySoManyWait() {
        var flight = first();
        for (int i = 0; i < Flights.MAX_WAITING; i++) {
            flights.join(KEY, heard::add);
        }
        assertThat(flights.join(KEY, heard::add)).isInstanceOf(Flights.Place.Full.class);
        flight.land(new Flights.Landing.Alone());
        assertThat(heard).hasSize(Flights.MAX_WAITING);
    }

    @Test
    void nobodyIsForgottenWhoeverLandsMeanwhile() throws Exception {
        var first = new AtomicInteger();
        var told = new AtomicInteger();
        var behind = new AtomicInteger();
        int threads = 8;
        int rounds = 20_000;
        var barrier = new CyclicBarrier(threads);
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var running = new ArrayList<java.util.concurrent.Future<?>>();
            for (int t = 0; t < threads; t++) {
                running.add(
                        pool.submit(
                                () -> {
                                    barrier.await();
                                    for (int i = 0; i < rounds; i++) {
                                        switch (flights.join(
                                                KEY, landing -> told.incrementAndGet())) {
                                            case Flights.Place.First f -> {
                                                first.incrementAndGet();
                                                f.flight().land(new Flights.Landing.Alone());
                                            }
                                            case Flights.Place.Behind b -> behind.incrementAndGet();
                                            case Flights.Place.Full f -> {}
                                        }
                                    }
                                    return true;
                                }));
            }
            for (var one : running) {
                one.get();
            }
        }
        assertThat(told.get()).isEqualTo(behind.get());
        assertThat(first.get()).isPositive();
        assertThat(flights.open()).isZero();
    }
}
