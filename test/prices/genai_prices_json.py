"""Prints the data of an unpacked genai-prices wheel as JSON, in the format of its repository.

The wheel has the data as Python only. Its package imports a network client, so only the modules of
the data are loaded. Usage: genai_prices_json.py FOLDER
"""

import json
import sys
import types
from decimal import Decimal

folder = sys.argv[1]
package = types.ModuleType("genai_prices")
package.__path__ = [f"{folder}/genai_prices"]
sys.modules["genai_prices"] = package

from genai_prices.data import providers  # noqa: E402
from genai_prices.types import (  # noqa: E402
    ClauseAnd,
    ClauseOr,
    ConditionalPrice,
    StartDateConstraint,
    TieredPrices,
)


def encode(value):
    """Decimals keep their digits, which json.dumps would turn into floats."""
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(key) + ":" + encode(item) for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encode(item) for item in value) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)


def match(clause):
    if isinstance(clause, ClauseOr):
        return {"or": [match(part) for part in clause.or_]}
    if isinstance(clause, ClauseAnd):
        return {"and": [match(part) for part in clause.and_]}
    return dict(vars(clause))


def prices(listed):
    return {
        key: {"base": price.base, "tiers": [dict(vars(tier)) for tier in price.tiers]}
        if isinstance(price, TieredPrices)
        else price
        for key, price in vars(listed).items()
        if price is not None
    }


def constraint(limit):
    if isinstance(limit, StartDateConstraint):
        return {"start_date": limit.start_date.isoformat()}
    times = {"start_time": limit.start_time, "end_time": limit.end_time}
    return {key: time.isoformat().replace("+00:00", "Z") for key, time in times.items()}


def conditional(entry, **more):
    limited = {"constraint": constraint(entry.constraint)} if entry.constraint else {}
    return {**limited, **more, "prices": prices(entry.prices)}


def model(info):
    listed = info.prices if isinstance(info.prices, list) else [ConditionalPrice(prices=info.prices)]
    entry = {"id": info.id, "match": match(info.match)}
    if info.context_window:
        entry["context_window"] = info.context_window
    if info.deprecated:
        entry["deprecated"] = True
    entry["prices"] = [conditional(price) for price in listed]
    if info.price_variants:
        entry["price_variants"] = [conditional(each, when=each.when) for each in info.price_variants]
    return entry


def provider(info):
    entry = {"id": info.id, "name": info.name, "api_pattern": info.api_pattern}
    if info.fallback_model_providers:
        entry["fallback_model_providers"] = info.fallback_model_providers
    return {**entry, "models": [model(each) for each in info.models]}


sys.stdout.write(encode([provider(each) for each in providers]))
