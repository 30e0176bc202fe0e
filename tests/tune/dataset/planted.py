"""Patient identifiers to plant: made by seed, in the ways in which people write them, never looked up in a pattern."""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = [
    "John",
    "Mary",
    "Aisha",
    "Olivia",
    "Declan",
    "Priya",
    "Tomasz",
    "Chloé",
    "Bronwen",
    "Kwame",
    "Ingrid",
    "Séan",
    "Fatima",
    "Piotr",
    "Grace",
]
LAST = [
    "Smith",
    "O'Brien",
    "Patel",
    "McAllister",
    "Kowalski",
    "Okafor",
    "Nguyen-Hall",
    "Fernández",
    "Wójcik",
    "Thompson",
    "Lindqvist",
    "Achebe",
]
STREETS = ("Oak Road", "St Mary's Street", "Church Lane", "Kingfisher Close", "Queen Victoria Avenue", "Elm Grove")
TOWNS = (("Leeds", "LS1 4AB"), ("Bristol", "BS8 1TH"), ("York", "YO10 5DD"), ("London", "SW1A 2AA"))
MONTHS = ("January", "March", "Sept", "November", "Feb", "July")
SURNAMES = "王李张刘陈杨赵吴周徐孙马"
GIVEN = ("伟", "秀英", "建国", "丽", "志强", "晓梅", "军", "桂芳", "磊", "玉兰")
CITIES = (
    ("北京市", "朝阳区", "建国路"),
    ("上海市", "徐汇区", "漕溪北路"),
    ("杭州市", "西湖区", "文三路"),
    ("成都市", "武侯区", "人民南路"),
)


@dataclass(frozen=True)
class Case:
    """A text with what was planted in it."""

    text: str
    planted: tuple[str, ...]


def nhs_number(draw: random.Random) -> str:
    while True:
        nine = [draw.randrange(10) for _ in range(9)]
        check = 11 - sum((10 - place) * digit for place, digit in enumerate(nine)) % 11
        if check != 10:
            digits = "".join(map(str, [*nine, check % 11]))
            return draw.choice(
                (digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}", f"{digits[:3]}-{digits[3:6]}-{digits[6:]}")
            )


def identity_card(draw: random.Random) -> str:
    area = draw.choice(("110105", "310104", "330106", "510107"))
    born = f"{draw.randrange(1930, 2015)}{draw.randrange(1, 13):02}{draw.randrange(1, 29):02}"
    body = f"{area}{born}{draw.randrange(1000):03}"
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))  # 2^(17-i) mod 11 are its weights
    return body + "10X98765432"[total % 11]


def english_date(draw: random.Random) -> str:
    day, month, year = draw.randrange(1, 29), draw.randrange(1, 13), draw.randrange(1930, 2015)
    return draw.choice(
        (
            f"{day:02}/{month:02}/{year}",
            f"{year}-{month:02}-{day:02}",
            f"{day} {draw.choice(MONTHS)} {year}",
            f"{draw.choice(MONTHS)} {day}, {year}",
            f"{day}.{month}.{year % 100:02}",
        )
    )


def english_phone(draw: random.Random) -> str:
    tail = f"{draw.randrange(1000):03}"
    return draw.choice(
        (
            f"07700 900{tail}",
            f"07700900{tail}",
            f"+44 7700 900{tail}",
            f"020 7946 0{tail}",
            f"(555) 010-4{tail}",
            f"0161 496 0{tail}",
        )
    )


def english_case(draw: random.Random, question: str) -> Case:
    first, last, other = draw.choice(FIRST), draw.choice(LAST), draw.choice(LAST)
    street, (town, code) = draw.choice(STREETS), draw.choice(TOWNS)
    address = f"{draw.randrange(1, 300)} {street}, {town} {code}"
    number = draw.choice(
        (f"{draw.randrange(10**6, 10**8)}", f"RX{draw.randrange(10**5, 10**6)}", f"H-{draw.randrange(10**5, 10**6)}")
    )
    born, nhs, phone = english_date(draw), nhs_number(draw), english_phone(draw)
    mail = f"{first.lower()}.{draw.randrange(100)}@example.org".encode("ascii", "ignore").decode()
    title = draw.choice(("Mr", "Mrs", "Ms", "Miss", "Dr", "MR.", "Mr."))
    name = f"{first} {last}"
    text = draw.choice(
        (
            f"{title.title()} {name}, DOB {born}, MRN {number}, NHS {nhs}, of {address}, tel {phone}, {mail}: {question}",
            f"Mrs {last} (date of birth: {born}; hospital number {number}) lives at {address}. Call her on {phone} or {mail}. "
            f"Her NHS number is {nhs}. {question}",
            f"Patient: {name}. Born {born}, NHS No: {nhs}. Record number: {number}. Address: {address}. Phone {phone}, {mail}. "
            f"Next of kin: Mr {other}. {question}",
            f"{last}, {first} (DOB {born}) {nhs}, case no. {number}; {address}; mobile: {phone}; {mail}. {question}",
        )
    )
    planted = [last, born, number, nhs, phone, mail, street]
    return Case(text, tuple(one for one in planted if one in text))


def chinese_case(draw: random.Random, question: str) -> Case:
    name = draw.choice(SURNAMES) + draw.choice(GIVEN)
    city, district, road = draw.choice(CITIES)
    house = f"{road}{draw.randrange(1, 300)}号{draw.randrange(1, 30)}室"
    address = f"{city}{district}{house}"
    card, number = identity_card(draw), f"ZY{draw.randrange(10**5, 10**7)}"
    phone = (
        draw.choice(("138", "159", "186"))
        + draw.choice(("", " ", "-"))
        + f"{draw.randrange(10**4):04}"
        + f"{draw.randrange(10**4):04}"
    )
    born = f"{draw.randrange(1930, 2015)}年{draw.randrange(1, 13)}月{draw.randrange(1, 29)}日"
    mail = f"hz{draw.randrange(10**6)}@example.cn"
    text = draw.choice(
        (
            f"患者{name}，身份证号{card}，住院号：{number}，电话{phone}，家住{address}，{born}出生，邮箱{mail}。{question}",
            f"姓名：{name}，出生日期：{born}，病案号{number}，{card}，联系方式：{phone}，住址：{address}，{mail}。{question}",
            f"{name}先生（{born}生，门诊号{number}）住在{address}，手机{phone}，身份证{card}，{mail}。{question}",
        )
    )
    return Case(text, tuple(one for one in (name, card, number, phone, house, born, mail) if one in text))
