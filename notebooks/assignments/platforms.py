"""Fill points into the table that a learning platform gives out: Moodle, Canvas, Blackboard."""

import codecs
import csv
import io


def fill_table(table, points, student, column):
    """Fill the points of an assignment into a platform's table.

    A row belongs to a student if its entry in the student's column is the name of the folder in
    ``submitted/``, or an address whose part before the ``@`` is; upper and lower case are the same.

    Parameters
    ----------
    table : bytes
        As the platform gave it out: values separated by commas, semicolons or tabs, in UTF-8 or
        UTF-16.
    points : dict of str to float or None
        Of each student; None if a part still has to be graded by hand.
    student, column : str
        The titles of the columns with the student and with the points of this assignment.

    Returns
    -------
    filled : bytes
        The table in the same form, with the points; all other entries are as they were.
    remarks : list of str
        Students without a row, rows that were left as they were, and why.

    Raises
    ------
    ValueError
        If a column is missing or two rows belong to one student.
    """
    encoding = "utf-16" if table.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    text = table.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for title in (student, column):
        if header.count(title) != 1:
            raise ValueError(
                f"expected one column {title!r}, found {header.count(title)}; "
                f"the columns are: {', '.join(map(repr, header))}"
            )
    who, where = header.index(student), header.index(column)
    by_name = {name.casefold(): name for name in points}
    seen, remarks = set(), []
    for row in rows:
        entry = row[who].strip() if len(row) > max(who, where) else ""
        name = by_name.get(entry.casefold()) or by_name.get(entry.partition("@")[0].casefold())
        if name is None:
            if entry:
                remarks.append(f"nothing graded for {entry}")
        elif name in seen:
            raise ValueError(f"two rows belong to {name!r}: expected one for each student")
        else:
            seen.add(name)
            if points[name] is None:
                remarks.append(f"left empty, a part is still to be graded by hand: {name}")
            else:
                row[where] = f"{points[name]:g}"
    remarks += [f"no row in the table for {name}" for name in points if name not in seen]
    filled = io.StringIO(newline="")
    ends = "\r\n" if first.endswith("\r") else "\n"
    csv.writer(filled, delimiter=separator, lineterminator=ends).writerows([header, *rows])
    mark = codecs.BOM_UTF8 if table.startswith(codecs.BOM_UTF8) else b""
    return mark + filled.getvalue().encode(encoding), remarks
