package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.util.List;

/**
 * An endpoint of the upstream that Tollgate does not translate, at a price in USD per request;
 * empty {@code models} means every model of the provider.
 */
@Wire
public record PassThrough(String path, String pricePerRequest, List<PassThroughModel> models) {
    public PassThrough {
        models = Absent.asEmpty(models);
    }
}
