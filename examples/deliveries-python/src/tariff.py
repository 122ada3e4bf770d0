from mended import mended


def make_tariff() -> dict[str, int]:
    """Price of a parcel by weight, in cents, for every 50 g up to 30 kg."""
    tariff = {}
    for country in range(26 * 26):
        code = chr(65 + country // 26) + chr(65 + country % 26)
        for weight in range(0, 30_000, 50):
            tariff[f"{code}/{weight}"] = round(390 + weight * 0.021 + (country % 17) * 35)
    return tariff


# Planted: importing this file computes every price of every country, whether anybody asks or not.
tariff = None if mended("start-up") else make_tariff()


def price(country: str, weight: int) -> int:
    """Cents for a parcel to a country."""
    step = weight // 50 * 50
    if tariff is not None:
        return tariff[f"{country}/{step}"]
    index = (ord(country[0]) - 65) * 26 + ord(country[1]) - 65
    return round(390 + step * 0.021 + (index % 17) * 35)
